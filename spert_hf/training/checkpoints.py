"""Checkpoints to resume from, which are written atomically and checked when they are read."""

import json
import re
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from transformers import PreTrainedModel
from transformers.utils import logging

from ..files.model_folder import UNFINISHED, saving_to
from ..files.outputs import give_mode_of_new_files
from ..model.messages import must_be
from .adapters import has_adapters, load_weights, save_weights
from .arguments import settings_deciding
from .digests import check_digests, write_digests

logger = logging.get_logger(__name__)

LATEST = "latest"
STATE_FILE = "trainer_state.json"
OPTIMIZER_FILE = "optimizer.pt"
_FOLDER = re.compile(r"checkpoint-(\d+)")


@dataclass
class TrainingState:
    """The state of a run.

    Args:
        step: number of optimizer steps, taken or skipped.
        epoch: number of epochs that are finished, including their evaluation.
        step_in_epoch: number of steps in the current epoch.
        skipped_steps: number of steps whose loss or gradient was not finite.
        best_score: the score of the best model kept so far.
        best_measure: name of the measure that decides which model is the best.
        best_metric: best score so far by this measure, whether the model was kept or not, as callbacks see it.
        evaluation_due: whether the dev split has yet to be scored at this step.
        epoch_stopped: whether a callback has asked to end the current epoch.
        stopped: whether a callback has asked to end the run.
        callbacks: the states of callbacks that have one.
        log: all entries of the training log.
        run: everything that decides how the run goes, by name; a run that differs can't resume from this state.
    """

    step: int = 0
    epoch: int = 0
    step_in_epoch: int = 0
    skipped_steps: int = 0
    best_score: float | None = None
    best_measure: str | None = None
    best_metric: float | None = None
    evaluation_due: bool = False
    epoch_stopped: bool = False
    stopped: bool = False
    callbacks: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    log: list[dict[str, Any]] = field(default_factory=list)
    run: dict[str, Any] = field(default_factory=dict)


def save_checkpoint(
    accelerator: Accelerator,
    model: PreTrainedModel,
    optimizer: Any,
    schedule: Any,
    state: TrainingState,
    output_dir: Path,
    keep: int,
) -> Path:
    """Save everything that a run needs to be resumed, and remove the oldest checkpoints beyond `keep`.

    Every process has to call it, since the random state of each is saved.

    Args:
        accelerator: the run's accelerator.
        model: the model in training.
        optimizer: its optimizer.
        schedule: its learning rate schedule.
        state: the state of the run.
        output_dir: the run's output folder.
        keep: number of checkpoints to keep.

    Returns:
        The checkpoint's folder, `checkpoint-STEP` in `output_dir`.

    Raises:
        OSError: if the files can't be written; the message names the folder. Their space is freed, and earlier
            checkpoints are kept.
    """
    folder = output_dir / f"checkpoint-{state.step}"
    unfinished = output_dir / f"{UNFINISHED}{folder.name}"
    with saving_to(folder, unfinished):
        if accelerator.is_main_process:
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir(parents=True)
            save_weights(accelerator.unwrap_model(model), unfinished)
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
            give_mode_of_new_files(unfinished)
            write_digests(unfinished)
            _remove(folder)
            unfinished.rename(folder)
    if accelerator.is_main_process:
        for old in list_checkpoints(output_dir)[:-keep]:
            _remove(old)
    accelerator.wait_for_everyone()
    return folder


def load_checkpoint(
    accelerator: Accelerator, model: PreTrainedModel, optimizer: Any, schedule: Any, folder: Path
) -> TrainingState:
    """Restore a run from a checkpoint that [`find_checkpoint`] found.

    Args:
        accelerator: the run's accelerator.
        model: the model in training, which is changed in place, as are the next two.
        optimizer: its optimizer.
        schedule: its learning rate schedule.
        folder: the checkpoint's folder.

    Returns:
        The state of the run when the checkpoint was saved.

    Raises:
        ValueError: if the checkpoint's model has other types or another encoder.
    """
    unwrapped = accelerator.unwrap_model(model)
    if has_adapters(unwrapped):
        load_weights(unwrapped, folder)
    else:
        _load_whole_weights(unwrapped, folder)
    states = torch.load(folder / OPTIMIZER_FILE, map_location="cpu", weights_only=True)
    optimizer.load_state_dict(states["optimizer"])
    schedule.load_state_dict(states["schedule"])
    if accelerator.scaler is not None and states["scaler"] is not None:
        accelerator.scaler.load_state_dict(states["scaler"])
    _restore_random_state(torch.load(folder / f"random_{accelerator.process_index}.pt", weights_only=True))
    return read_state(folder)


def _load_whole_weights(unwrapped: PreTrainedModel, folder: Path) -> None:
    saved = type(unwrapped).from_pretrained(folder)
    for name in ("entity_types", "relation_types"):
        given, had = (getattr(one.config, name) for one in (unwrapped, saved))
        if given != had:
            raise ValueError(must_be(f"{folder}: {name}", f"{had}, as in the checkpoint's run", str(given)))
    try:
        unwrapped.load_state_dict(saved.state_dict())
    except RuntimeError as error:
        kinds = [f"a {type(one.encoder).__name__} of {one.num_parameters():,} weights" for one in (unwrapped, saved)]
        raise ValueError(must_be(f"{folder}: encoder", f"{kinds[1]}, as in the checkpoint's run", kinds[0])) from error


def find_checkpoint(named: str, output_dir: Path, run: dict[str, Any]) -> Path | None:
    """Find the checkpoint to resume from, and check that it is intact and of the same run.

    Args:
        named: a checkpoint's folder, or `latest` for the last intact one in the output folder; a warning names those
            that are damaged.
        output_dir: the run's output folder.
        run: see [`TrainingState`].

    Returns:
        The folder; `None`, with a warning, for `latest` if the run was stopped before it saved a checkpoint.

    Raises:
        FileNotFoundError: if the given folder is not a checkpoint.
        ValueError: if the given checkpoint, or each one in the output folder, is damaged, or is of another run.
    """
    if named != LATEST:
        folder = Path(named)
        if not (folder / STATE_FILE).is_file():
            raise FileNotFoundError(must_be("resume_from_checkpoint", f"a folder with {STATE_FILE}", repr(named)))
        check_digests(folder)
    else:
        found = list_checkpoints(output_dir)
        if not found:
            logger.warning(f"{output_dir} holds no checkpoint yet: training starts from the beginning")
            return None
        folder = _last_whole(found)
    _check_run(folder, run)
    return folder


def _last_whole(folders: list[Path]) -> Path:
    """Return the last checkpoint whose files are intact."""
    for folder in reversed(folders):
        try:
            check_digests(folder)
        except ValueError as error:
            logger.warning(f"not resumed from: {error}")
        else:
            return folder
    raise ValueError(f"{folders[-1].parent} has only damaged checkpoints: {', '.join(one.name for one in folders)}")


def _check_run(folder: Path, run: dict[str, Any]) -> None:
    """Check that a checkpoint is of the same run: resumed with other settings, it would give neither run's model."""
    saved = read_state(folder).run
    defaults = {name: declared.default for name, declared in settings_deciding("steps").items()}
    for name in saved | run:
        given, had = (one.get(name, defaults.get(name)) for one in (run, saved))  # a setting may be newer than it
        if given != had:
            raise ValueError(
                must_be(f"{folder}: {name}", f"{had!r}, as in the checkpoint's run", repr(given))
                + "; a run is resumed with the settings it was started with, and a new run needs another output folder"
            )


def read_state(folder: Path) -> TrainingState:
    """Read the state of a checkpoint's run."""
    return TrainingState(**json.loads((folder / STATE_FILE).read_text(encoding="utf-8")))


def list_checkpoints(output_dir: Path) -> list[Path]:
    """List the checkpoints in an output folder in the order in which they were saved.

    Their numbers alone do not tell the order: the folder may hold those of an earlier run that got further.
    """
    found = [
        (path.stat().st_mtime_ns, int(match[1]), path)
        for path in output_dir.glob("checkpoint-*")
        if (match := _FOLDER.fullmatch(path.name))
    ]
    return [path for *_, path in sorted(found)]


def _remove(folder: Path) -> None:
    """Remove a checkpoint, if it exists, so that a partial one never has its name."""
    if folder.is_dir():
        gone = folder.with_name(f"{UNFINISHED}{folder.name}.old")
        shutil.rmtree(gone, ignore_errors=True)
        folder.rename(gone)
        shutil.rmtree(gone)


def _random_state() -> dict[str, Any]:
    """Return the states of the generators for dropout; the order of examples and the negatives have their own."""
    # Only of this process's device, since the machine that resumes may have fewer devices.
    return {"cpu": torch.get_rng_state(), "cuda": torch.cuda.get_rng_state() if torch.cuda.is_available() else None}


def _restore_random_state(state: dict[str, Any]) -> None:
    torch.set_rng_state(state["cpu"])
    if state["cuda"] is not None and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])
