"""The Hub: checkpoints of others, publishing."""
