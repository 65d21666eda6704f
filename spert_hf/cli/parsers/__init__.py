"""What each command may be given: shown and checked before what the command works with is imported."""
