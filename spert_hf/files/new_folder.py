"""Folders that are created atomically with all of their files."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..model.messages import must_be
from .outputs import hidden_beside, real_target


@contextmanager
def new_folder(path: str | Path, *, replace: bool = False) -> Iterator[Path]:
    """Yield a hidden folder to write files to, which is renamed to ``path`` when the block ends.

    If the block fails, the folder is removed. Links are followed.

    Args:
        path: The path of the new folder; an empty folder at this path is replaced.
        replace: Whether any other folder is, too.

    Raises:
        FileExistsError: If something else exists at this path.
        OSError: If the folder can't be created.
    """
    target = real_target(path)
    _check_replaceable(path, target, replace)
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = hidden_beside(target, f"{uuid.uuid4().hex[:8]}.tmp")
    beside.mkdir()
    try:
        yield beside
        _check_replaceable(path, target, replace)  # another run may have written it in the meantime
        _put_in_place(beside, target)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def _check_replaceable(path: str | Path, target: Path, replace: bool) -> None:
    if target.exists() and not (_is_empty_folder(target) or (replace and target.is_dir())):
        given = "a folder with files in it" if target.is_dir() else "a file"
        raise FileExistsError(must_be(str(path), "a new folder or an empty one", given))


def _put_in_place(folder: Path, target: Path) -> None:
    if not target.exists():
        folder.replace(target)
        return
    shutil.copymode(target, folder)
    before = hidden_beside(target, f"{uuid.uuid4().hex[:8]}.old")
    target.replace(before)
    folder.replace(target)
    shutil.rmtree(before)


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())
