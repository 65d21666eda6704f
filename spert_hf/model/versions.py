"""Which transformers this code runs with, found out before anything else of it is asked for.

It is checked when this file is imported, as a checkpoint's own code is run with whatever version is there, and would
fail somewhere with a message that names no version.
"""

import re

import transformers

LOWEST_TRANSFORMERS = "5.0"
"""4.57 has neither the `PreTrainedConfig` nor the `initialization` that the code is written for, and its tokenizers,
pipelines and loading of weights are others, too."""


def check_transformers(given: str) -> None:
    """Refuse a version of transformers that is too old.

    Args:
        given: the version that is there.

    Raises:
        ImportError: naming the given version and the lowest.
    """
    if _release(given) < _release(LOWEST_TRANSFORMERS):
        raise ImportError(
            f"transformers must be {LOWEST_TRANSFORMERS} or newer for SpERT's code, got {given}: "
            f'pip install "transformers>={LOWEST_TRANSFORMERS}"'
        )


def _release(version: str) -> tuple[int, ...]:
    """Major and minor number."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


check_transformers(transformers.__version__)
