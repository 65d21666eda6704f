"""The files of a corpus: what paths, patterns, folders and names of data sets stand for, in a fixed order."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from ..data.faults import list_names, short_repr
from ..data.hub_dataset import is_hub_id
from ..model.messages import must_be
from .hub_sources import hub_files
from .stores import MAGIC, StoredFile, files_below, files_matching, is_folder, is_url, look_at

KINDS = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".txt": "txt",
    ".json": "json",
    ".parquet": "parquet",
}
"""Formats by the suffix of a file."""

COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
_COMPRESSED = ("jsonl", "csv", "txt")
READABLE = ".jsonl, .ndjson, .csv or .txt (also with .gz or .zst), .json or .parquet"


@dataclass(frozen=True, slots=True)
class Source:
    """A file of a corpus.

    Attributes:
        path: Its path or URL.
        name: What its results are called: its path in the folder that was given, without the suffix.
        kind: How to read it, one of `KINDS`.
        compression: `gzip`, `zstd` or none.
        size: In bytes.
        version: What changes with its content.
    """

    path: str
    name: str
    kind: str
    compression: str | None
    size: int
    version: str


@dataclass(frozen=True, slots=True)
class _Named:
    """A file, and its path in the folder, pattern or data set that was given."""

    file: StoredFile
    relative: str


def list_sources(
    inputs: Sequence[str], config_name: str | None = None, token: str | None = None
) -> tuple[list[Source], int]:
    """The files that inputs stand for.

    Args:
        inputs: Files, patterns and folders, here or in stores, and data sets of the Hub (`USER/NAME`,
            `USER/NAME:SPLIT`).
        config_name: Configuration of the data sets.
        token: For the Hub.

    Returns:
        The files, those of a folder or pattern in the order of their paths and each of them once; and how many other
        files were passed over in folders, since they are hidden or of another format.

    Raises:
        ValueError: An input is none of these, has another suffix, or has no files to read.
        OSError: It cannot be read.
    """
    named: dict[str, _Named] = {}
    ignored = 0
    for given in inputs:
        found, is_named = _files_of(given, config_name, token)
        if is_named and kind_of(given)[0] is None:
            raise ValueError(must_be(given, f"a file of {READABLE}", f"a name ending in {Path(given).suffix!r}"))
        readable = found if is_named else [one for one in found if _is_readable(one.relative)]
        ignored += len(found) - len(readable)
        if not readable:
            others = f", only {len(found)} of other formats" if found else ""
            raise ValueError(must_be("--input", f"files of {READABLE}", f"none in {given}{others}"))
        for one in readable:
            named.setdefault(_identity(one.file.path), one)
    return _distinct([_source(one) for one in _told_apart(list(named.values()))]), ignored


def kind_of(path: str) -> tuple[str | None, str | None]:
    """How to read a file by its name: format and compression; no format if it cannot be read."""
    name = PurePosixPath(path)
    compression = COMPRESSIONS.get(name.suffix.lower())
    kind = KINDS.get((name.with_suffix("") if compression else name).suffix.lower())
    return (None if compression and kind not in _COMPRESSED else kind), compression


def is_pattern(given: str) -> bool:
    """Whether an input that is no file is a pattern of files."""
    return MAGIC.search(given) is not None


def _files_of(given: str, config_name: str | None, token: str | None) -> tuple[list[_Named], bool]:
    """The files of an input, and whether it is the name of one file."""
    file = look_at(given, token)
    if file is not None:
        return [_Named(file, given.rpartition("/")[2] if is_url(given) else Path(given).name)], True
    if is_folder(given, token):
        return [_Named(*found) for found in files_below(given, token)], False
    if is_pattern(given):
        return [_Named(*found) for found in files_matching(given, token)], False
    dataset, _, split = given.partition(":")
    may_be_hub = not is_url(given) and dataset.count("/") == 1 and kind_of(dataset)[0] is None and is_hub_id(dataset)
    if not may_be_hub:
        allowed = "a file, or a pattern, a folder, a data set of the Hub (USER/NAME) of files"
        raise FileNotFoundError(must_be("--input", allowed, repr(given)))
    return [_Named(*found) for found in hub_files(dataset, split or None, config_name, token)], False


def _is_readable(relative: str) -> bool:
    """Whether a file of a folder is read; hidden ones are not, nor are those that a store says are in `..`."""
    return kind_of(relative)[0] is not None and not any(part.startswith(".") for part in relative.split("/"))


def _identity(path: str) -> str:
    return path if is_url(path) else os.path.realpath(path)


def _told_apart(files: list[_Named]) -> list[_Named]:
    """The files by their paths in a common folder, where those in the folders given are not distinct."""
    if len({one.relative for one in files}) == len(files):
        return files
    places = [_place(one.file.path) for one in files]
    common = os.path.commonpath([os.path.dirname(place) for place in places])  # noqa: PTH120 - of URLs, too
    return [
        replace(one, relative=Path(place).relative_to(common).as_posix())
        for one, place in zip(files, places, strict=True)
    ]


def _place(path: str) -> str:
    return path.partition("://")[2] if is_url(path) else os.path.abspath(path)  # noqa: PTH100 - links stay


def _source(one: _Named) -> Source:
    kind, compression = kind_of(one.relative)
    assert kind is not None
    return Source(one.file.path, one.relative, kind, compression, one.file.size, one.file.version)


def _distinct(sources: Iterable[Source]) -> list[Source]:
    """The sources with names without suffixes, except for those that are distinct by them alone."""
    sources = list(sources)
    short = [_without_suffix(source.name) for source in sources]
    uses = Counter(name.casefold() for name in short)
    named = [
        replace(source, name=name if uses[name.casefold()] == 1 else source.name)
        for source, name in zip(sources, short, strict=True)
    ]
    repeated = [name for name, count in Counter(source.name for source in named).items() if count > 1]
    if repeated:
        raise ValueError(must_be("--input", "files with distinct names", list_names([short_repr(n) for n in repeated])))
    return named


def _without_suffix(name: str) -> str:
    path = PurePosixPath(name)
    for _ in range(2 if path.suffix.lower() in COMPRESSIONS else 1):
        path = path.with_suffix("")
    return str(path)
