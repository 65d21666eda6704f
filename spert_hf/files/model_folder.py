"""The folder that a model is written to: all of it or nothing, by one command at a time, replacing none but its own."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from safetensors import SafetensorError

from .atomic import RUN_FILE
from .outputs import give_mode_of_new_files, put_in_place
from .ownership import owned_folder

UNFINISHED = ".unfinished-"
"""How the names of folders begin that are being written."""

_CONFIG_FILE = "config.json"
_WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
_PARTS = (
    *_WEIGHTS,
    *("*.index.json", _CONFIG_FILE, "adapter_config.json", "openvino_encoder*", RUN_FILE),
    *("tokenizer*", "vocab*", "merges.txt", "*.model", "special_tokens_map.json", "added_tokens.json"),
)
"""Files of a model, of which none is to stay beside another model."""


def holds_model(folder: Path) -> bool:
    """Whether a folder holds a model, or what is left of one."""
    return any((folder / name).is_file() for name in (_CONFIG_FILE, RUN_FILE)) or any(
        any(folder.glob(pattern)) for pattern in _WEIGHTS
    )


@contextmanager
def model_output(option: str, folder: Path, *, overwrite: bool, own: Path | None = None) -> Iterator[None]:
    """Own the folder that a command writes a model to, from before its work until after it.

    Args:
        option: what names the folder, for messages.
        folder: the folder.
        overwrite: another model there may be replaced.
        own: folder of the model that the command is given, which may be that very folder.

    Raises:
        ValueError: if another run is writing there, or a model is there that may not be replaced.
    """
    with owned_folder(option, folder):
        if not overwrite and not is_same_folder(folder, own) and holds_model(folder):
            raise ValueError(f"{option}: {folder} holds a model; name another folder, or pass --overwrite")
        yield


def is_same_folder(folder: Path, other: Path | None) -> bool:
    """Whether two paths, of which one may be none or a name on the Hub, are the same folder."""
    return other is not None and folder.is_dir() and other.is_dir() and folder.samefile(other)


def write_model(folder: Path, write: Any, own: Path | None = None) -> None:
    """Write a model as [`write_whole`] does, and remove what another model has left there that it does not replace.

    Args:
        folder: the model's.
        write: writes its files to the folder that it is called with.
        own: as in [`model_output`]: of a model that is but changed, all other files stay.
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
    """Have files written to a folder beside, and move them into `folder` when all of them are whole.

    Links, the folder itself or files in it, lead to what is written; files that are replaced keep their mode.

    Raises:
        OSError: naming the folder, if they cannot be written; it stays as it was.
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
    """Turn whatever writing fails with into one error, and leave nothing half written.

    Writers have errors of their own for a full disk, `SafetensorError` and torch's `RuntimeError`; not all of them say
    what is wrong.
    """
    try:
        yield
    except (OSError, RuntimeError, SafetensorError) as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        free = shutil.disk_usage(folder.parent).free / 1e6
        raise OSError(f"{folder}: could not be saved, with {free:.1f} MB free on its disk: {error}") from error


def remove_unfinished(output_dir: Path) -> None:
    """Remove what runs that were killed while saving have left in an output folder."""
    for left in output_dir.glob(f"{UNFINISHED}*"):
        shutil.rmtree(left, ignore_errors=True)
