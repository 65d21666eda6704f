"""Model folders: written atomically, by one command at a time, without replacing another model unless asked to."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .atomic import RUN_FILE
from .outputs import give_mode_of_new_files, put_in_place
from .ownership import owned_folder

_ERRORS: tuple[type[Exception], ...] = (OSError, RuntimeError)
"""What writers of models raise on a full disk."""
try:
    from safetensors import SafetensorError

    _ERRORS = (*_ERRORS, SafetensorError)
except ImportError:  # where the package was installed without torch
    pass

UNFINISHED = ".unfinished-"
"""The prefix of the names of folders that are being written."""

_CONFIG_FILE = "config.json"
_WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
_PARTS = (
    *_WEIGHTS,
    *("*.index.json", _CONFIG_FILE, "adapter_config.json", "openvino_encoder*", RUN_FILE),
    *("model*.onnx", "spert_onnx.json"),
    *("tokenizer*", "vocab*", "merges.txt", "*.model", "special_tokens_map.json", "added_tokens.json"),
)
"""Files of a model, all of which are removed when another model replaces it."""


def holds_model(folder: Path) -> bool:
    """Return whether a folder holds a model, or a part of one."""
    return any((folder / name).is_file() for name in (_CONFIG_FILE, RUN_FILE)) or any(
        any(folder.glob(pattern)) for pattern in _WEIGHTS
    )


@contextmanager
def model_output(option: str, folder: Path, *, overwrite: bool, own: Path | None = None) -> Iterator[None]:
    """Lock the folder that a command writes a model to, for the duration of its work.

    Args:
        option: name of the option for the folder, for messages.
        folder: the folder.
        overwrite: whether another model in the folder may be replaced.
        own: the folder of the command's input model, which may be the same folder.

    Raises:
        ValueError: if another run is writing to the folder, or it holds a model that may not be replaced.
    """
    with owned_folder(option, folder):
        if not overwrite and not is_same_folder(folder, own) and holds_model(folder):
            raise ValueError(f"{option}: {folder} holds a model; name another folder, or pass --overwrite")
        yield


def is_same_folder(folder: Path, other: Path | None) -> bool:
    """Return whether two paths are the same folder; `other` may be `None` or a Hub id."""
    return other is not None and folder.is_dir() and other.is_dir() and folder.samefile(other)


def write_model(folder: Path, write: Any, own: Path | None = None) -> None:
    """Write a model as [`write_whole`] does, and remove files of another model that it does not replace.

    Args:
        folder: the model's folder.
        write: writes the model's files to the folder that it is called with.
        own: see [`model_output`]. If the command only changes the model in `folder`, all other files are kept.
    """
    written: set[str] = set()

    def write_and_note(unfinished: Path) -> None:
        write(unfinished)
        written.update(path.name for path in unfinished.iterdir())

    write_whole(folder, write_and_note)
    if not is_same_folder(folder, own):
        for path in {path for pattern in _PARTS for path in folder.glob(pattern)}:
            if path.name not in written and path.is_file():
                path.unlink()


def write_whole(folder: Path, write: Callable[[Path], object]) -> None:
    """Write files to a temporary folder, and move them into `folder` when all of them are complete.

    Links (`folder` itself or files in it) are followed, and files that are replaced keep their mode.

    Args:
        folder: the folder.
        write: writes the files to the folder that it is called with.

    Raises:
        OSError: if the files can't be written; the message names the folder, which is unchanged.
    """
    folder = Path(os.path.realpath(folder))
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix=UNFINISHED) as unfinished, saving_to(folder, Path(unfinished)):
        write(Path(unfinished))
        give_mode_of_new_files(Path(unfinished))
        for path in sorted(Path(unfinished).iterdir()):
            put_in_place(path, folder / path.name)


@contextmanager
def saving_to(folder: Path, unfinished: Path) -> Iterator[None]:
    """Raise an `OSError` for any error of writing, and remove partial files.

    On a full disk, writers raise errors of their own, such as `SafetensorError` and torch's `RuntimeError`, some of
    which do not name the cause.
    """
    try:
        yield
    except _ERRORS as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        free = shutil.disk_usage(folder.parent).free / 1e6
        raise OSError(f"{folder}: could not be saved, with {free:.1f} MB free on its disk: {error}") from error


def remove_unfinished(output_dir: Path) -> None:
    """Remove the files that runs that were killed while saving have left in an output folder."""
    for left in output_dir.glob(f"{UNFINISHED}*"):
        shutil.rmtree(left, ignore_errors=True)
