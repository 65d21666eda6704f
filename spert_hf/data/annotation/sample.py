"""The beginning of a file, from which its format is told."""

from __future__ import annotations

import json
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

_BYTES = 1 << 16
"""How much of a file is looked at."""

_FIRST_LINE = 1 << 24
"""And how much where its first line is a JSON object that is longer."""

_LINE_END = re.compile(r"\r\n?|\n")
"""Not those of `str.splitlines`, which JSON's strings may hold."""


UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,  # raised by `zipfile`, for a method of compression that it does not know
    RuntimeError,
    UnicodeDecodeError,
)
"""What reading a ZIP archive's file raises where it is damaged, encrypted or packed in a way that Python can't read."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What there is to be seen of a file or folder without reading it.

    Attributes:
        path: The file or folder.
        names: Of a folder or a ZIP archive, the names of the files in it; else empty.
        start: Of a file, its first bytes as text, without a byte-order mark; what is not UTF-8 is replaced.
    """

    path: Path
    names: tuple[str, ...]
    start: str

    @classmethod
    def of(cls, path: Path) -> Sample:
        """Look at a file or folder.

        Raises:
            OSError: It cannot be read.
        """
        if path.is_dir():
            return cls(path, tuple(sorted(each.name for each in path.iterdir() if each.is_file())), "")
        try:
            with zipfile.ZipFile(path) as archive:
                return cls(path, tuple(archive.namelist()), "")
        except (*UNREADABLE, OSError):
            with path.open("rb") as stream:
                return cls(path, (), _start_of(stream))

    def of_member(self, name: str) -> Sample:
        """Look at one of the files of an archive; at nothing if it cannot be read."""
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open(name) as stream:
                return Sample(self.path / name, (), _start_of(stream))
        except (*UNREADABLE, OSError):
            return Sample(self.path / name, (), "")

    @property
    def suffix(self) -> str:
        """The file name's ending, in lower case."""
        return self.path.suffix.lower()

    @property
    def is_list(self) -> bool:
        """Whether it may be a JSON list."""
        return self.start.lstrip().startswith("[")

    @property
    def first_object(self) -> dict[str, Any]:
        """The JSON object of its first line that is not blank; empty if that is none."""
        line = next((line for line in _LINE_END.split(self.start) if line.strip()), "")
        return _object_of(line)

    def objects(self) -> Iterator[dict[str, Any]]:
        """The JSON objects of its lines, as far as they were looked at; other lines are left out."""
        yield from filter(None, map(_object_of, _LINE_END.split(self.start)))

    def keys_of_first(self) -> set[str]:
        """The keys of the first JSON object in it, in a list or not, which may be longer than what was looked at."""
        return _first_keys(self.start)


def _start_of(stream: IO[bytes]) -> str:
    start = stream.read(_BYTES)
    if b"\n" not in start and start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        start += stream.readline(_FIRST_LINE)
    return start.decode("utf-8-sig", "replace")


def _object_of(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _first_keys(start: str) -> set[str]:
    """The keys of the first object as far as they are in the text: strings at its own level, before a colon."""
    keys: set[str] = set()
    depth, position, begin = 0, 0, start.find("{")
    if begin < 0 or start[:begin].strip(" \t\r\n[") != "":
        return keys
    position, decoder = begin, json.JSONDecoder(strict=False)
    while position < len(start):
        character = start[position]
        if character == '"':
            try:
                value, end = decoder.raw_decode(start, position)
            except ValueError:
                break
            if depth == 1 and start[end : end + 16].lstrip().startswith(":"):
                keys.add(value)
            position = end
            continue
        depth += (character in "{[") - (character in "}]")
        position += 1
        if depth == 0:
            break
    return keys
