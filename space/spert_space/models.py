"""Which model the demo shows."""

from __future__ import annotations

import os
from pathlib import Path

MODEL_VARIABLE = "SPERT_MODEL"
QUICKSTART_CHECKPOINT = Path(__file__).parents[2] / "checkpoints" / "quickstart"


def find_model(given: str | None = None) -> str:
    """The folder or Hub id of the model to show.

    Args:
        given: on the command line; it wins over the environment's `SPERT_MODEL`, and that over the checkpoint that the
            quickstart leaves in a checkout.

    Raises:
        FileNotFoundError: none of the three is there; the message says how to make one.
    """
    named = given or os.environ.get(MODEL_VARIABLE)
    if named:
        return named
    if (QUICKSTART_CHECKPOINT / "config.json").is_file():
        return str(QUICKSTART_CHECKPOINT)
    raise FileNotFoundError(
        f"no model: name one with --model DIR_OR_ID or the environment variable {MODEL_VARIABLE}, or train one into "
        "checkpoints/quickstart with `accelerate launch train.py` (a few minutes)"
    )
