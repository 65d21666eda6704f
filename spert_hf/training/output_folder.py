"""What may be replaced in a folder that a model is to be written to: nothing of another run, unless asked to."""

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
    """Check, before anything is loaded, that a training may write to its output folder.

    Returns:
        Whether a model is there that the very same command has trained, and that is replaced when the run is done.

    Raises:
        ValueError: if another run is writing there, or a model is there that this command would not train.
    """
    folder = Path(arguments.output_dir)
    check_not_owned("output_dir", folder)
    if arguments.overwrite or not holds_model(folder) or _resumes_in(folder, arguments.resume_from_checkpoint):
        return False
    _check_same_model(folder, arguments)
    return True


def make_room(folder: Path, arguments: SpertTrainingArguments, run: dict[str, Any]) -> None:
    """See to it that no other run's checkpoints are in an output folder, which we own, when a run begins anew.

    Args:
        folder: the output folder.
        arguments: all settings.
        run: as in [`TrainingState`].

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
        except (OSError, ValueError, TypeError):  # damaged: it is nobody's any more
            continue
        if other and not arguments.overwrite:
            raise ValueError(
                f"output_dir: {folder} holds {checkpoint.name} of another run; name another folder, or pass --overwrite"
            )
        if other:
            shutil.rmtree(checkpoint)


def _resumes_in(folder: Path, named: str | None) -> bool:
    """Whether a run goes on from a checkpoint in its own folder, of which it is checked that it is of the same run."""
    if named == LATEST:
        return bool(list_checkpoints(folder))
    return named is not None and (Path(named) / STATE_FILE).is_file() and is_same_folder(folder, Path(named).parent)


def _check_same_model(folder: Path, arguments: SpertTrainingArguments) -> None:
    if arguments.model is not None and is_same_folder(folder, Path(arguments.model)):
        raise ValueError(
            f"output_dir: {folder} holds the model to continue from; name another folder, or pass --overwrite"
        )
    try:
        recorded = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))["settings"]
        there = {name: recorded.get(name, one.default) for name, one in settings_deciding("model").items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        reason = f"whose settings no {RUN_FILE} tells"
    else:
        changed = [name for name in there if getattr(arguments, name) != there[name]]
        if not changed:
            return
        reason = f"trained with {changed[0]} {there[changed[0]]!r}, not {getattr(arguments, changed[0])!r}"
    raise ValueError(f"output_dir: {folder} holds another model, {reason}; name another folder, or pass --overwrite")
