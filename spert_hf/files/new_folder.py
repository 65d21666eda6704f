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
    check_new_folder(path, replace=replace)
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = hidden_beside(target, f"{uuid.uuid4().hex[:8]}.tmp")
    beside.mkdir()
    try:
        yield beside
        check_new_folder(path, replace=replace)  # another run may have written it in the meantime
        _put_in_place(beside, target)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def check_new_folder(path: str | Path, *, replace: bool = False) -> None:
    """Check that [`new_folder`] can make a folder at a path.

    Raises:
        FileExistsError: If something else exists there.
        NotADirectoryError: If it would lie in a file.
    """
    target = real_target(path)
    if target.exists() and not (_is_empty_folder(target) or (replace and target.is_dir())):
        given = "a folder with files in it" if target.is_dir() else "a file"
        raise FileExistsError(must_be(str(path), "a new folder or an empty one", given))
    above = next(parent for parent in target.parents if parent.exists())
    if not above.is_dir():
        raise NotADirectoryError(must_be(str(path), "a new folder in a folder", f"one in the file {above}"))


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
