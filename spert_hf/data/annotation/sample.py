"""The beginning of a file, from which its format is told."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_BYTES = 1 << 16
"""How much of a file is looked at."""


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
        with path.open("rb") as stream:
            start = stream.read(_BYTES)
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return cls(path, tuple(archive.namelist()), "")
        return cls(path, (), start.decode("utf-8-sig", "replace"))

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
        for line in self.start.splitlines():
            if line.strip():
                return _object_of(line)
        return {}

    def keys_of_first(self) -> set[str]:
        """The keys of the first JSON object in it, in a list or not, which may be longer than what was looked at."""
        return _first_keys(self.start)


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
