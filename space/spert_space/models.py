"""The choice of the demo's model."""

from __future__ import annotations

import os
from pathlib import Path

MODEL_VARIABLE = "SPERT_MODEL"
QUICKSTART_CHECKPOINT = Path(__file__).parents[2] / "checkpoints" / "quickstart"


def find_model(given: str | None = None) -> str:
    """Find the model to show.

    Args:
        given: the model given on the command line, which overrides the environment variable `SPERT_MODEL`, which
            overrides the checkpoint of the quickstart.

    Returns:
        Its folder or Hub id.

    Raises:
        FileNotFoundError: there is none of the three.
    """
    named = given or os.environ.get(MODEL_VARIABLE)
    if named:
        return named
    if (QUICKSTART_CHECKPOINT / "config.json").is_file():
        return str(QUICKSTART_CHECKPOINT)
    raise FileNotFoundError(
        f"no model: name one with --model DIR_OR_ID or the environment variable {MODEL_VARIABLE}, or train "
        "checkpoints/quickstart with `accelerate launch train.py` (a few minutes)"
    )
