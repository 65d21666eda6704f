"""Training over Accelerate."""
