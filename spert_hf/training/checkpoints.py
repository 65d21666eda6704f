"""Checkpoints to resume from: written beside and renamed, so that one is whole or absent."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from accelerate import Accelerator
from transformers import PreTrainedModel

_FOLDER = re.compile(r"checkpoint-(\d+)")
STATE_FILE = "trainer_state.json"
OPTIMIZER_FILE = "optimizer.pt"


@dataclass
class TrainingState:
    """How far a run has come.

    Args:
        step: optimizer steps taken.
        epoch: passes finished.
        step_in_epoch: steps taken of the pass under way.
        best_score: best value so far of the metric that decides.
        log: all entries of the training log.
    """

    step: int = 0
    epoch: int = 0
    step_in_epoch: int = 0
    best_score: float | None = None
    log: list[dict[str, Any]] = field(default_factory=list)


def save_checkpoint(
    accelerator: Accelerator,
    model: PreTrainedModel,
    optimizer: Any,
    schedule: Any,
    state: TrainingState,
    output_dir: Path,
    keep: int,
) -> None:
    """Save all that a run needs to go on, and remove the oldest checkpoints over `keep`.

    Every process must call it: each one's random state is kept.
    """
    folder = output_dir / f"checkpoint-{state.step}"
    unfinished = output_dir / f".{folder.name}.unfinished"
    if accelerator.is_main_process:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        accelerator.unwrap_model(model).save_pretrained(unfinished)
        scaler = accelerator.scaler.state_dict() if accelerator.scaler is not None else None
        torch.save(
            {"optimizer": optimizer.state_dict(), "schedule": schedule.state_dict(), "scaler": scaler},
            unfinished / OPTIMIZER_FILE,
        )
        (unfinished / STATE_FILE).write_text(json.dumps(asdict(state)), encoding="utf-8")
    accelerator.wait_for_everyone()
    torch.save(_random_state(), unfinished / f"random_{accelerator.process_index}.pt")
    accelerator.wait_for_everyone()
    if accelerator.is_main_process:
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.rename(folder)
        for old in _checkpoints(output_dir)[:-keep]:
            shutil.rmtree(old)
    accelerator.wait_for_everyone()


def write_whole(folder: Path, write: Callable[[Path], object]) -> None:
    """Have files written to a folder beside, and move them into `folder` when all of them are whole."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix=".unfinished-") as unfinished:
        write(Path(unfinished))
        for path in sorted(Path(unfinished).iterdir()):
            path.replace(folder / path.name)


def load_checkpoint(
    accelerator: Accelerator, model: PreTrainedModel, optimizer: Any, schedule: Any, folder: Path
) -> TrainingState:
    """Put a run back to where it was when the checkpoint was saved."""
    saved = type(accelerator.unwrap_model(model)).from_pretrained(folder)
    accelerator.unwrap_model(model).load_state_dict(saved.state_dict())
    states = torch.load(folder / OPTIMIZER_FILE, map_location="cpu", weights_only=True)
    optimizer.load_state_dict(states["optimizer"])
    schedule.load_state_dict(states["schedule"])
    if accelerator.scaler is not None and states["scaler"] is not None:
        accelerator.scaler.load_state_dict(states["scaler"])
    _restore_random_state(torch.load(folder / f"random_{accelerator.process_index}.pt", weights_only=True))
    return TrainingState(**json.loads((folder / STATE_FILE).read_text(encoding="utf-8")))


def find_checkpoint(named: str, output_dir: Path) -> Path:
    """Folder of the checkpoint to resume from: the one named, or the `latest` in the output folder.

    Raises:
        FileNotFoundError: if there is none.
    """
    if named != "latest":
        if not (Path(named) / STATE_FILE).is_file():
            raise FileNotFoundError(f"resume_from_checkpoint: given {named!r}, which has no {STATE_FILE}")
        return Path(named)
    found = _checkpoints(output_dir)
    if not found:
        raise FileNotFoundError(f"resume_from_checkpoint: given 'latest', but {output_dir} holds no checkpoint")
    return found[-1]


def _checkpoints(output_dir: Path) -> list[Path]:
    """Checkpoints in an output folder, the oldest first."""
    numbered = [
        (int(match[1]), path) for path in output_dir.glob("checkpoint-*") if (match := _FOLDER.fullmatch(path.name))
    ]
    return [path for _, path in sorted(numbered)]


def _random_state() -> dict[str, Any]:
    """State of the generators that dropout draws from; order and negatives have generators of their own."""
    return {"cpu": torch.get_rng_state(), "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []}


def _restore_random_state(state: dict[str, Any]) -> None:
    torch.set_rng_state(state["cpu"])
    if state["cuda"]:
        torch.cuda.set_rng_state_all(state["cuda"])
