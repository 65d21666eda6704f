"""One owner of an output: a second run that would write to it finds out, and leaves it alone."""

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
"""What file systems say that have no locks."""


@contextmanager
def sole_owner(lock: Path) -> Iterator[bool]:
    """Be the only one that has a lock file, which is there as long as somebody has it.

    Yields:
        Whether we have it; not if another run does.

    Raises:
        OSError: The file cannot be made.
    """
    stream = take_lock(lock)
    if stream is None:
        yield False
        return
    with stream:
        try:
            yield True
        finally:
            with suppress(OSError):  # it does no harm: what counts is the lock, which ends with the process
                lock.unlink()


@contextmanager
def owned_folder(option: str, folder: Path) -> Iterator[None]:
    """Own an output folder, which is made if it is not there; if nothing gets into it, it goes again.

    Args:
        option: What names the folder, for the message.
        folder: The folder.

    Raises:
        ValueError: Another run is writing to it.
        OSError: It cannot be made or written to.
    """
    folder = Path(os.path.realpath(folder))  # a link may lead to a folder that is yet to be made
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
    """Check that no other run is writing to a folder: a look before long work, which gives no right to the folder.

    Raises:
        ValueError: One is.
    """
    if is_owned(folder / FOLDER_LOCK):
        raise _taken(option, folder)


def is_owned(lock: Path) -> bool:
    """Whether another run has a lock file now."""
    try:
        stream = lock.open("rb")
    except OSError:
        return False
    with stream:
        return not try_to_lock(stream, shared=True)


def take_lock(path: Path) -> BinaryIO | None:
    """Lock a file, which is made if it is not there.

    Returns:
        The file, which is to be kept open; ``None`` if another process has the lock.

    Raises:
        OSError: The file cannot be opened.
    """
    while True:
        stream = path.open("ab")
        if not try_to_lock(stream):
            stream.close()
            return None
        # Who had it before us may have removed or renamed the file that we opened: its lock keeps nobody away then.
        if _is_at(stream, path):
            return stream
        stream.close()


def try_to_lock(stream: IO[Any], shared: bool = False) -> bool:
    """Keep other processes from locking the same open file; the lock ends with the process, however it ends.

    Args:
        stream: The open file.
        shared: Others may have a shared lock, too.

    Returns:
        Whether that was possible: ``False`` if another process has the lock. Where there are no locks, ``True``.
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
