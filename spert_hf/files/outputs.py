"""Targets of outputs: links are followed, streams are written to directly, and replaced files keep their mode."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import shutil
import stat
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

_LONGEST_NAME = 255
"""The most bytes of a file's name, if the system does not say."""
_MOST_LINKS = 40
"""The most consecutive links that are followed, as in Linux."""


def real_target(path: str | Path) -> Path:
    """Return the file that an output's path leads to over links, whether it exists or not.

    Raises:
        OSError: If links lead in a circle.
    """
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return target


def is_stream(path: str | Path) -> bool:
    """Return whether a path is a stream, which is written to directly since it can't be replaced.

    Streams are pipes, devices, sockets, and files that are open already (``/dev/stdout``, ``/dev/fd/3``).
    """
    if _descriptor(path) is not None:
        return True
    try:
        mode = Path(path).stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def open_stream(path: str | Path) -> BinaryIO:
    """Open a stream (see ``is_stream``) for writing; a named pipe waits for its reader.

    Raises:
        OSError: If it can't be opened.
    """
    descriptor = _descriptor(path)
    # Opening it again would write over the beginning of the file.
    return open_named(path if descriptor is None else os.dup(descriptor), "wb", path)


def open_named(file: str | Path | int, mode: str, name: str | Path) -> BinaryIO:
    """Open a file whose errors of writing, such as those of a full disk, name what is written; the system's don't.

    Args:
        file: What to open, which may be a file beside the one that is written in the end.
        mode: `"wb"` or `"a+b"`.
        name: What to name.
    """
    raw = _NamedFile(file if isinstance(file, int) else os.fspath(file), mode, str(name))
    return io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)  # type: ignore[return-value]


class _NamedFile(io.FileIO):
    def __init__(self, file: str | Path | int, mode: str, shown: str) -> None:
        super().__init__(file, mode)
        self._shown = shown

    def write(self, data: Any) -> int:
        with naming(self._shown):
            return super().write(data)


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Add a name to errors of writing that name no file."""
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror, name) from error


def check_replaceable(target: Path) -> None:
    """Check that an existing file is not write-protected, since only its folder's permissions decide on replacing it.

    Raises:
        PermissionError: If it is.
    """
    if target.is_file() and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))


def hidden_beside(target: Path, ending: str) -> Path:
    """Return the path of a hidden file in the same folder, named after another file and shortened if necessary."""
    name = f".{target.name}.{ending}"
    longest = _longest_name(target.parent)
    if len(os.fsencode(name)) > longest:
        whole = os.fsencode(target.name)
        ending = f".{hashlib.sha256(whole).hexdigest()[:12]}.{ending}"
        name = "." + whole[: longest - 1 - len(ending)].decode("utf-8", "ignore") + ending
    return target.with_name(name)


def give_mode_of(target: Path, new: Path) -> None:
    """Give a new file the permissions and, if allowed, owner and group of the file that it replaces, if any."""
    try:
        before = target.stat()
    except FileNotFoundError:
        return
    if hasattr(os, "chown"):
        now = new.stat()
        for given, wanted, ids in (
            (now.st_gid, before.st_gid, (-1, before.st_gid)),
            (now.st_uid, before.st_uid, (before.st_uid, -1)),
        ):
            if given != wanted:
                with suppress(OSError):
                    os.chown(new, *ids)
    new.chmod(stat.S_IMODE(before.st_mode))


def give_mode_of_new_files(folder: Path) -> None:
    """Give each file of a folder the default permissions of new files.

    safetensors creates files that only their owner may read.
    """
    # Reading the umask would mean setting it for all threads, so it is found from a new file.
    probe = folder / f".{uuid.uuid4().hex}.tmp"
    probe.touch()
    mode = stat.S_IMODE(probe.stat().st_mode)
    probe.unlink()
    for path in folder.iterdir():
        if path.is_file() and not path.is_symlink():
            path.chmod(mode)


def put_in_place(new: Path, path: str | Path) -> None:
    """Move a complete file to a path, or to the file that the path links to, with the mode of what it replaces.

    Args:
        new: The complete file, which may be on another file system.
        path: The path.

    Raises:
        OSError: If the folder does not exist or can't be written to, or something other than a file is at the path.
    """
    if is_stream(path):
        raise OSError(f"{path} is not a regular file")
    target = real_target(path)
    check_replaceable(target)
    give_mode_of(target, new)
    try:
        new.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy_in_place(new, target)


def _copy_in_place(new: Path, target: Path) -> None:
    beside = hidden_beside(target, f"{uuid.uuid4().hex[:8]}.tmp")
    try:
        shutil.copy(new, beside)
        give_mode_of(target, beside)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    new.unlink()


def _descriptor(path: str | Path) -> int | None:
    """Return the file descriptor of this process that a path such as ``/dev/stdout`` leads to, if any."""
    own = {"/dev/fd", *(f"/proc/{one}/fd" for one in (os.getpid(), f"{os.getpid()}/task/{threading.get_native_id()}"))}
    place = Path(path).absolute()
    for _ in range(_MOST_LINKS):
        folder = os.path.realpath(place.parent)
        if folder in own and place.name.isdecimal():
            return int(place.name)
        place = Path(folder, place.name)
        if not place.is_symlink():
            return None
        place = Path(folder, place.readlink())
    return None


def _longest_name(folder: Path) -> int:
    try:
        return os.pathconf(folder, "PC_NAME_MAX")
    except (AttributeError, OSError, ValueError):
        return _LONGEST_NAME
