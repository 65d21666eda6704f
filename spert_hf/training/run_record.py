"""The record of a run: what decided how it went, what was done, and what was measured."""

import platform
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

import accelerate
import torch
import transformers
from accelerate import Accelerator

from ..data.loading import Splits
from ..evaluation import EvaluationResult
from ..version import __version__ as spert_hf_version
from .arguments import SpertTrainingArguments
from .checkpoints import TrainingState
from .start import Start


def describe_run(
    arguments: SpertTrainingArguments,
    splits: Splits,
    start: Start,
    reached: TrainingState,
    accelerator: Accelerator,
    scores: tuple[EvaluationResult, EvaluationResult],
    **more: Any,
) -> dict[str, Any]:
    """Describe a finished run, for the model card and for reproduction.

    Args:
        arguments: all settings.
        splits: the data.
        start: what the run started from.
        reached: the state of the run at its end.
        accelerator: the run's accelerator.
        scores: the final scores, on tokens and as text.
        more: further entries of the record: `split`, `resumed_at_step`, `seconds`, `recipe`,
            `taught_by`.

    Returns:
        The record as plain JSON, without any Hub token.
    """
    settings = asdict(arguments)
    del settings["hub_token"]
    return {
        "settings": settings,
        "dataset": {"name": splits.name, **asdict(splits.origin)},
        "documents": {name: len(getattr(splits, name)) for name in ("train", "dev", "test")},
        "scores": scores[0].to_dict(),
        "scores_as_text": scores[1].to_dict(),
        "text_reading": start.reading.reading.to_dict(),
        "steps": reached.step,
        "skipped_steps": reached.skipped_steps,
        "went_on_from": start.continuation.to_dict() if start.continuation else None,
        "device": str(accelerator.device),
        "processes": accelerator.num_processes,
        "finished": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "versions": {
            "spert_hf": spert_hf_version,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "accelerate": accelerate.__version__,
        },
        **more,
    }
