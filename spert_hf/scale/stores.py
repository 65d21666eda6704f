"""Files here and in stores (`s3://`, `gs://`, `hf://`, …, by fsspec), written whole or not at all."""

from __future__ import annotations

import io
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Any, BinaryIO, cast

from ..files.atomic import leftovers, replacing
from ..files.outputs import hidden_beside, open_named, real_target
from ..files.ownership import is_owned, sole_owner

MAGIC = re.compile(r"[*?\[]")
"""What makes a path a pattern."""

_VERSIONS = ("ETag", "etag", "blob_id", "md5Hash", "content_md5", "mtime", "LastModified", "last_modified", "updated")
"""What stores call that which changes with a file's content, the surest first."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file, its size in bytes, and what changes with its content: a time or an ETag."""

    path: str
    size: int
    version: str


def is_url(path: str) -> bool:
    """Whether a path is that of a store."""
    return "://" in path


def without_file_protocol(path: str) -> str:
    """The path of a file here that is written as a URL; other paths as they are."""
    return path.removeprefix("file://")


def join(folder: str, name: str) -> str:
    """The path of a file in a folder, here or in a store."""
    return f"{folder.rstrip('/')}/{name}" if is_url(folder) else str(Path(folder, name))


def open_input(path: str, token: str | None = None) -> BinaryIO:
    """Open a file for reading; one can seek in it.

    Raises:
        OSError: It cannot be opened.
        ImportError: The library for the store is not installed.
    """
    if not is_url(path):
        return Path(path).open("rb")
    filesystem, place = _filesystem(path, token)
    # The files of fsspec cannot limit the length of a line.
    return io.BufferedReader(filesystem.open(place, "rb"))


def look_at(path: str, token: str | None = None) -> StoredFile | None:
    """A file's size and version; `None` if there is no file."""
    if not is_url(path):
        return _local_file(Path(path)) if Path(path).is_file() else None
    filesystem, place = _filesystem(path, token)
    if not filesystem.isfile(place):
        return None
    return _remote_file(path, filesystem.info(place))


def files_below(folder: str, token: str | None = None) -> list[tuple[StoredFile, str]]:
    """All files in a folder and in those inside it, in the order of their paths, with their paths in the folder.

    Hidden folders are left out.
    """
    if is_url(folder):
        filesystem, place = _filesystem(folder, token)
        return _remote_files(filesystem, filesystem.find(place, detail=True), place)
    files: list[Path] = []
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [path for name in names if (path := Path(where, name)).is_file()]
    return [(_local_file(path), path.relative_to(folder).as_posix()) for path in sorted(files)]


def files_matching(pattern: str, token: str | None = None) -> list[tuple[StoredFile, str]]:
    """The files that a pattern with `*`, `**`, `?` or `[…]` matches, in the order of their paths, with their paths in
    the last folder that the pattern names plainly.
    """
    if is_url(pattern):
        filesystem, place = _filesystem(pattern, token)
        return _remote_files(filesystem, filesystem.glob(place, detail=True), _plain_start(place))
    found = sorted(path for name in glob(pattern, recursive=True) if (path := Path(name)).is_file())  # noqa: PTH207
    start = _plain_start(pattern)
    return [(_local_file(path), Path(os.path.relpath(path, start or ".")).as_posix()) for path in found]


def _plain_start(pattern: str) -> str:
    return MAGIC.split(pattern, maxsplit=1)[0].rpartition("/")[0]


def _remote_files(filesystem: Any, found: Mapping[str, Mapping[str, Any]], start: str) -> list[tuple[StoredFile, str]]:
    begin = f"{start.rstrip('/')}/"
    return [
        (_remote_file(filesystem.unstrip_protocol(name), found[name]), name.removeprefix(begin).lstrip("/"))
        for name in sorted(found)
        if found[name]["type"] == "file"
    ]


def is_folder(path: str, token: str | None = None) -> bool:
    """Whether a path is that of a folder."""
    if not is_url(path):
        return Path(path).is_dir()
    filesystem, place = _filesystem(path, token)
    return bool(filesystem.isdir(place))


def names_below(folder: str) -> set[str]:
    """The paths of all files in a folder, relative to it, with `/` between their parts; none if there is no folder."""
    if not is_url(folder):
        found = (Path(where, name) for where, _, names in os.walk(folder) for name in names)
        return {path.relative_to(folder).as_posix() for path in found}
    filesystem, place = _filesystem(folder)
    filesystem.invalidate_cache()
    start = f"{place.rstrip('/')}/"
    return {name.removeprefix(start) for name in filesystem.find(place)}


def exists(path: str) -> bool:
    """Whether there is a file."""
    if not is_url(path):
        return Path(path).exists()
    filesystem, place = _filesystem(path)
    filesystem.invalidate_cache()
    return bool(filesystem.exists(place))


@contextmanager
def written_whole(path: str) -> Iterator[BinaryIO]:
    """A stream to a file that gets its name when the block is left without an error, and is on the disk then.

    Here it is written beside, flushed to the disk and renamed. A store has no names to change: there the file is
    written to this machine's folder for temporary files, and then uploaded as a whole.

    Raises:
        OSError: It cannot be written; nothing is left of it.
    """
    if not is_url(path):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as beside, open_named(beside, "wb", path) as stream:
            yield stream
            _flush_to_disk(stream)
        _flush_folder(Path(path).parent)
        return
    filesystem, place = _filesystem(path)
    with tempfile.NamedTemporaryFile() as stream:
        yield cast(BinaryIO, stream)
        stream.flush()
        filesystem.makedirs(place.rpartition("/")[0], exist_ok=True)
        filesystem.put_file(stream.name, place)


@contextmanager
def owner_of(path: str) -> Iterator[bool]:
    """Be the only one that writes a file, as far as the file system has locks; stores have none.

    Yields:
        Whether we are; not if another process is writing it.
    """
    if is_url(path):
        yield True
        return
    lock = lock_of(path)
    lock.parent.mkdir(parents=True, exist_ok=True)
    with sole_owner(lock) as is_ours:
        yield is_ours


def lock_of(path: str) -> Path:
    """The path of the lock of a file here."""
    return hidden_beside(real_target(path), "lock")


def remove_leftovers(paths: Iterable[str]) -> None:
    """Remove what processes that were killed have left beside files that nobody is writing now."""
    here = [path for path in paths if not is_url(path)]
    left = [*leftovers(map(Path, here)), *((lock_of(path), Path(path)) for path in here if Path(path).exists())]
    for file, target in left:
        if not is_owned(lock_of(str(target))):
            file.unlink(missing_ok=True)


def _filesystem(path: str, token: str | None = None) -> tuple[Any, str]:
    """The file system of a URL, and the path in it.

    Raises:
        ValueError: There is no such file system.
        ImportError: Its library is not installed; the message says which.
    """
    from fsspec.core import url_to_fs  # takes a while, and files here do not need it

    given = {"token": token} if token and path.startswith("hf://") else {}
    filesystem, place = url_to_fs(path, **given)
    return filesystem, place


def _local_file(path: Path) -> StoredFile:
    found = path.stat()
    return StoredFile(str(path), found.st_size, str(found.st_mtime_ns))


def _remote_file(path: str, info: Mapping[str, Any]) -> StoredFile:
    version = next((str(info[name]) for name in _VERSIONS if info.get(name)), "")
    return StoredFile(path, int(info.get("size") or 0), version)


def _flush_to_disk(stream: BinaryIO) -> None:
    stream.flush()
    os.fsync(stream.fileno())


def _flush_folder(folder: Path) -> None:
    """Have the new name on the disk, too, where folders can be opened."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
