"""Where an output goes: to what links lead to, into streams as they are, and as files that keep their mode."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
import threading
import uuid
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

_LONGEST_NAME = 255
"""Bytes of a file's name, where the system does not say."""
_MOST_LINKS = 40
"""Links from one to the next that are followed, as many as Linux does."""


def real_target(path: str | Path) -> Path:
    """The file that an output's path leads to, over links, whether it is there already or not.

    Raises:
        OSError: Links lead in a circle.
    """
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return target


def is_stream(path: str | Path) -> bool:
    """Whether what stands at a path is written to directly, for it can't be replaced by a file that is complete: a
    pipe, a device, a socket, or a file that is open already (``/dev/stdout``, ``/dev/fd/3``).
    """
    if _descriptor(path) is not None:
        return True
    try:
        mode = Path(path).stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def open_stream(path: str | Path) -> BinaryIO:
    """Open what ``is_stream`` is true of for writing; a named pipe waits for its reader.

    Raises:
        OSError: It cannot be opened.
    """
    descriptor = _descriptor(path)
    # Opened anew, a file would be written to from its beginning, whatever stands there.
    return Path(path).open("wb") if descriptor is None else os.fdopen(os.dup(descriptor), "wb")


def check_replaceable(target: Path) -> None:
    """Check that a file may be written to before it is replaced, which its folder's permissions alone decide on.

    Raises:
        PermissionError: It is there and write-protected.
    """
    if target.is_file() and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))


def hidden_beside(target: Path, ending: str) -> Path:
    """Path of a hidden file in the same folder that is named after another one, shortened if need be."""
    name = f".{target.name}.{ending}"
    longest = _longest_name(target.parent)
    if len(os.fsencode(name)) > longest:
        whole = os.fsencode(target.name)
        ending = f".{hashlib.sha256(whole).hexdigest()[:12]}.{ending}"
        name = "." + whole[: longest - 1 - len(ending)].decode("utf-8", "ignore") + ending
    return target.with_name(name)


def give_mode_of(target: Path, new: Path) -> None:
    """Give a new file owner, group (as far as we may) and permissions of the one that it is to replace, if any."""
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
    """Give each file of a folder the permissions that new files get here, whatever wrote it thought of them.

    safetensors makes files that their owner alone may read.
    """
    # Asking for the umask means to set it, for all threads: a new file tells it, too.
    probe = folder / f".{uuid.uuid4().hex}.tmp"
    probe.touch()
    mode = stat.S_IMODE(probe.stat().st_mode)
    probe.unlink()
    for path in folder.iterdir():
        if path.is_file() and not path.is_symlink():
            path.chmod(mode)


def put_in_place(new: Path, path: str | Path) -> None:
    """Give a complete file another one's name, or that of what the other leads to, and its mode.

    Args:
        new: The complete file; it may lie in another file system than what ``path`` leads to.
        path: What it shall be called.

    Raises:
        OSError: There is no such folder, it cannot be written to, or something other than a file stands there.
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
    """Number of the open file of this process that a path such as ``/dev/stdout`` leads to."""
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
