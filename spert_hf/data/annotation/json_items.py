"""JSON files of annotation tools, an item at a time: lines, and lists that are never whole in memory."""

from __future__ import annotations

from collections.abc import Iterator
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
            for number, item in enumerate(ijson.items(stream, "item", use_float=True), start=1):
                location = Location(str(path), number)
                if isinstance(item, dict):
                    yield location, item
                else:
                    report.fault(location, "", short_repr(item), allowed)
        except (ijson.JSONError, UnicodeDecodeError) as error:
            reason = " ".join(str(error).split())[:200]
            given = f"a file that is cut off or damaged behind record {number} ({reason})"
            report.fault(where, "", given, f"a JSON list of objects, each {allowed}")
            return
    if number == 0:
        report.fault(where, "", "no records", f"a JSON list of objects, each {allowed}")


def _value_of(content: str | Fault, location: Location, allowed: str) -> Any:
    if isinstance(content, Fault):
        return LocatedFault(location, content)
    return parse_json(content, location, allowed)
