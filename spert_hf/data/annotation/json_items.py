"""JSON files of annotation tools, an item at a time: lines, and lists that are never whole in memory."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any, BinaryIO

from ..faults import Fault, LocatedFault, Location, short_repr
from ..textfiles import foreign_format, parse_json, read_lines
from .report import Report


def read_json_lines(path: Path, report: Report, allowed: str) -> Iterator[tuple[Location, dict[str, Any]]]:
    """The objects of a JSON Lines file with their places; faults of lines go into the report.

    Args:
        path: The file.
        report: Takes the faults.
        allowed: What a fault says should stand in a line.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as stream:
        yield from parse_json_lines(stream, str(path), report, allowed)


def parse_json_lines(
    stream: BinaryIO, source: str, report: Report, allowed: str
) -> Iterator[tuple[Location, dict[str, Any]]]:
    """The objects of a stream of JSON Lines; see [`read_json_lines`].

    Args:
        stream: The lines.
        source: What places call it.
        report: Takes the faults.
        allowed: What a fault says should stand in a line.
    """
    number = 0
    for line in read_lines(stream):
        if isinstance(line.content, str) and not line.content.strip():
            continue
        number += 1
        location = Location(source, number, line.number)
        value = _value_of(line.content, location, allowed)
        if isinstance(value, LocatedFault):
            report.faults.append(value)
        elif isinstance(value, dict):
            yield location, value
        else:
            report.fault(location, "", short_repr(value), allowed)
    if number == 0:
        report.fault(Location(source), "", "an empty file", allowed)


def read_json_list(path: Path, report: Report, allowed: str) -> Iterator[tuple[Location, dict[str, Any]]]:
    """The objects of a JSON list, streamed; faults go into the report.

    Args:
        path: The file.
        report: Takes the faults; one of the JSON itself ends the reading.
        allowed: What a fault says should stand in the list.

    Raises:
        OSError: The file cannot be read.
    """
    import ijson

    where = Location(str(path))
    with path.open("rb") as stream:
        start = stream.read(4)
        fault = foreign_format(start) if start.strip() else Fault("", "an empty file", allowed)
        if fault is not None:
            report.faults.append(LocatedFault(where, fault))
            return
        stream.seek(3 if start.startswith(b"\xef\xbb\xbf") else 0)
        number = 0
        try:
            for number, item in enumerate(ijson.items(_DepthLimited(stream), "item", use_float=True), start=1):
                location = Location(str(path), number)
                if isinstance(item, dict):
                    yield location, item
                else:
                    report.fault(location, "", short_repr(item), allowed)
        except (ijson.JSONError, UnicodeDecodeError, _TooDeepError) as error:
            reason = " ".join(str(error).split())[:200]
            given = f"a file that is cut off or damaged behind record {number} ({reason})"
            report.fault(where, "", given, f"a JSON list of objects, each {allowed}")
            return
    if number == 0:
        report.fault(where, "", "no records", f"a JSON list of objects, each {allowed}")


class _TooDeepError(ValueError):
    """JSON is nested deeper than any tool nests it."""


class _DepthLimited:
    """A JSON file that is read only as long as it is not nested too deeply: ijson's memory grows with depth squared.

    Args:
        stream: The file.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._depth = 0
        self._is_in_string = False
        self._is_escaped = False

    def read(self, size: int = -1) -> bytes:
        """The next bytes.

        Raises:
            _TooDeepError: They are nested too deeply.
        """
        data = self._stream.read(size)
        brackets = self._brackets(data)
        if self._depth + len(brackets) > _DEEPEST:
            highest = max(accumulate((_STEPS[bracket] for bracket in brackets), initial=self._depth))
            if highest > _DEEPEST:
                raise _TooDeepError(f"nested more than {_DEEPEST:,} levels deep")
        opened = brackets.count(b"[") + brackets.count(b"{")
        self._depth += 2 * opened - len(brackets)
        return data

    def _brackets(self, data: bytes) -> bytes:
        """The brackets of the next bytes that are not in strings."""
        rest = (data[1:] if self._is_escaped else data).replace(b"\\\\", b"")
        self._is_escaped = rest.endswith(b"\\") if data else self._is_escaped
        rest = rest.replace(b'\\"', b"").translate(None, _NEITHER_BRACKETS_NOR_QUOTES)
        if self._is_in_string:
            rest = b'"' + rest
        self._is_in_string = rest.count(b'"') % 2 == 1
        # Two quotes side by side are a string without brackets, or lie between two strings, which become one.
        return b"".join(rest.replace(b'""', b"").split(b'"')[::2])


_DEEPEST = 1000
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_NEITHER_BRACKETS_NOR_QUOTES = bytes(byte for byte in range(256) if byte not in (*_STEPS, ord('"')))


def _value_of(content: str | Fault, location: Location, allowed: str) -> Any:
    if isinstance(content, Fault):
        return LocatedFault(location, content)
    return parse_json(content, location, allowed)
