"""The error of a checkpoint that is not sound; to catch it, nothing heavy is imported."""


class CheckpointError(Exception):
    """A checkpoint is not sound; the message names the file or weight.

    It is no `ValueError`, because `transformers.pipeline` takes those as a hint to try other classes, and would bury
    the one line that helps.
    """
