"""Checks of a run's output folder: nothing of another run is replaced without `--overwrite`."""

import json
import shutil
from pathlib import Path
from typing import Any

from ..files.atomic import RUN_FILE
from ..files.model_folder import holds_model, is_same_folder
from ..files.ownership import check_not_owned
from .arguments import SpertTrainingArguments, settings_deciding
from .checkpoints import LATEST, STATE_FILE, list_checkpoints, read_state


def check_training_folder(arguments: SpertTrainingArguments) -> bool:
    """Check, before anything is loaded, that a run may write to its output folder.

    Args:
        arguments: all settings of the run.

    Returns:
        Whether the folder holds a model that the same command has trained, which the run will replace at its end.

    Raises:
        ValueError: if another run is writing to the folder, or it holds a model that this command would not train.
    """
    folder = Path(arguments.output_dir)
    check_not_owned("output_dir", folder)
    if arguments.overwrite or not holds_model(folder) or _resumes_in(folder, arguments.resume_from_checkpoint):
        return False
    _check_same_model(folder, arguments)
    return True


def make_room(folder: Path, arguments: SpertTrainingArguments, run: dict[str, Any]) -> None:
    """Remove other runs' checkpoints from the output folder before a new run starts, if they may be replaced.

    Args:
        folder: the output folder, which this process has locked.
        arguments: all settings of the run.
        run: see [`TrainingState`].

    Raises:
        ValueError: if there are such checkpoints, or another model, and they may not be replaced.
    """
    if _resumes_in(folder, arguments.resume_from_checkpoint):
        return
    if not arguments.overwrite and holds_model(folder):
        _check_same_model(folder, arguments)
    for checkpoint in list_checkpoints(folder):
        try:
            other = read_state(checkpoint).run != run
        except (OSError, ValueError, TypeError):  # damaged, so that no run can use it
            continue
        if other and not arguments.overwrite:
            raise ValueError(
                f"output_dir: {folder} holds {checkpoint.name} of another run; name another folder, or pass --overwrite"
            )
        if other:
            shutil.rmtree(checkpoint)


def _resumes_in(folder: Path, named: str | None) -> bool:
    """Return whether a run resumes from a checkpoint in its own folder; that it is of this run is checked later."""
    if named == LATEST:
        return bool(list_checkpoints(folder))
    return named is not None and (Path(named) / STATE_FILE).is_file() and is_same_folder(folder, Path(named).parent)


def _check_same_model(folder: Path, arguments: SpertTrainingArguments) -> None:
    for role, names in (("the model to continue from", [arguments.model]), ("a teacher", arguments.teacher_names())):
        if any(name is not None and is_same_folder(folder, Path(name)) for name in names):
            raise ValueError(f"output_dir: {folder} holds {role}; name another folder, or pass --overwrite")
    try:
        recorded = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))["settings"]
        there = {name: recorded.get(name, one.default) for name, one in settings_deciding("model").items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        reason = f"whose settings are unknown without a valid {RUN_FILE}"
    else:
        changed = [name for name in there if getattr(arguments, name) != there[name]]
        if not changed:
            return
        reason = f"trained with {changed[0]} {there[changed[0]]!r}, not {getattr(arguments, changed[0])!r}"
    raise ValueError(f"output_dir: {folder} holds another model, {reason}; name another folder, or pass --overwrite")
