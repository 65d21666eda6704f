"""The error for invalid checkpoints, in a module without heavy imports."""


class CheckpointError(Exception):
    """A checkpoint is invalid; the message names the file or weight.

    Not a `ValueError`, which makes `transformers.pipeline` try other classes and hide the message.
    """
