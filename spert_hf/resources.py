"""Data sets, cards and the demo that come with the package, wherever it lies."""

import atexit
import shutil
import tempfile
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable  # of Python 3.11

_PACKAGED = "shipped"
"""Folder of the installed package that they are in; in a checkout they lie beside the package."""


@cache
def shipped_folder(name: str) -> Path:
    """Give the folder `dataset_scripts`, `model_cards` or `space` of the package.

    Of a package that is imported from a zip file it is a copy, which goes when the process ends.
    """
    packaged = files("spert_hf") / _PACKAGED / name
    return _on_disk(packaged) if packaged.is_dir() else package_folder().parent / name


@cache
def package_folder() -> Path:
    """Give the folder of the package itself; as [`shipped_folder`], a copy where it is imported from a zip file."""
    return _on_disk(files("spert_hf"))


def _on_disk(folder: "Traversable") -> Path:
    return folder if isinstance(folder, Path) else _unpack(folder)


def _unpack(folder: "Traversable") -> Path:
    root = Path(tempfile.mkdtemp(prefix="spert-hf-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    _copy(folder, root / folder.name)
    return root / folder.name


def _copy(source: "Traversable", target: Path) -> None:
    if not source.is_dir():
        target.write_bytes(source.read_bytes())
        return
    target.mkdir()
    for entry in source.iterdir():
        _copy(entry, target / entry.name)
