"""Locks of outputs, so that a second run does not write to the same one."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO

with suppress(ImportError):  # not on Windows
    import fcntl

FOLDER_LOCK = ".spert-hf.lock"
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
"""Error numbers of file systems without locks."""


@contextmanager
def sole_owner(lock: Path) -> Iterator[bool]:
    """Hold a lock file, which exists as long as somebody holds it.

    Yields:
        Whether it is held; not if another run holds it.

    Raises:
        OSError: If the file can't be created.
    """
    stream = take_lock(lock)
    if stream is None:
        yield False
        return
    with stream:
        try:
            yield True
        finally:
            with suppress(OSError):  # harmless, since the lock itself ends with the process
                lock.unlink()


@contextmanager
def owned_folder(option: str, folder: Path) -> Iterator[None]:
    """Lock an output folder, which is created if necessary, and removed in the end if it is still empty.

    Args:
        option: Name of the option for the folder, for the message.
        folder: The folder.

    Raises:
        ValueError: If another run is writing to it.
        OSError: If it can't be created or written to.
    """
    folder = Path(os.path.realpath(folder))  # a link may lead to a folder that does not exist yet
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with sole_owner(folder / FOLDER_LOCK) as is_ours:
            if not is_ours:
                raise _taken(option, folder)
            yield
    finally:
        if is_new:
            with suppress(OSError):
                folder.rmdir()


def check_not_owned(option: str, folder: Path) -> None:
    """Check that no other run is writing to a folder, before long work; this does not lock it.

    Raises:
        ValueError: If one is.
    """
    if is_owned(folder / FOLDER_LOCK):
        raise _taken(option, folder)


def is_owned(lock: Path) -> bool:
    """Return whether another run holds a lock file."""
    try:
        stream = lock.open("rb")
    except OSError:
        return False
    with stream:
        return not try_to_lock(stream, shared=True)


def take_lock(path: Path) -> BinaryIO | None:
    """Lock a file, which is created if necessary.

    Returns:
        The file, which must be kept open; ``None`` if another process holds the lock.

    Raises:
        OSError: If the file can't be opened.
    """
    while True:
        stream = path.open("ab")
        if not try_to_lock(stream):
            stream.close()
            return None
        # The former owner may have removed or renamed the opened file, whose lock is then useless.
        if _is_at(stream, path):
            return stream
        stream.close()


def try_to_lock(stream: IO[Any], shared: bool = False) -> bool:
    """Lock an open file without waiting; the lock ends with the process.

    Args:
        stream: The open file.
        shared: Whether others may hold a shared lock, too.

    Returns:
        Whether the lock is held: ``False`` if another process holds it; ``True`` if the file system has no locks.
    """
    if "fcntl" not in globals():
        return True
    try:
        fcntl.flock(stream, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    return True


def _is_at(stream: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(stream.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _taken(option: str, folder: Path) -> ValueError:
    return ValueError(f"{option}: another run is writing into {folder}; name another folder")
