"""Check of the installed version of transformers, before anything else is imported from it.

It runs when this file is imported, as the code of a checkpoint may be run with any version, and would otherwise fail
with a message that does not mention it.
"""

import re

import transformers

LOWEST_TRANSFORMERS = "5.0"
"""4.57 lacks `PreTrainedConfig` and `initialization`, and differs in tokenizers, pipelines and loading of weights."""


def check_transformers(given: str) -> None:
    """Refuse a version of transformers that is too old.

    Args:
        given: the installed version.

    Raises:
        ImportError: it is too old; the message contains both versions.
    """
    if _release(given) < _release(LOWEST_TRANSFORMERS):
        raise ImportError(
            f"transformers must be {LOWEST_TRANSFORMERS} or newer for SpERT's code, got {given}: "
            f'pip install "transformers>={LOWEST_TRANSFORMERS}"'
        )


def _release(version: str) -> tuple[int, ...]:
    """Return the major and minor version numbers."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


check_transformers(transformers.__version__)
