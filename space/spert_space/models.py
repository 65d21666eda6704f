"""Which model the demo shows, and how it is loaded."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spert_hf import SpertPipeline

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


def load_pipeline(model: str) -> SpertPipeline:
    """Load the "spert-extraction" pipeline of a folder or Hub id.

    Raises:
        ValueError: what is there is no SpERT model.
        OSError: nothing is there, or it cannot be read.
    """
    from transformers import AutoConfig, pipeline

    from spert_hf.model.configuration_spert import TASK, SpertConfig

    config = AutoConfig.from_pretrained(model)
    if not isinstance(config, SpertConfig):
        raise ValueError(f"model: given {model}, a {config.model_type} model; allowed a SpERT checkpoint")
    return pipeline(TASK, model=model)
