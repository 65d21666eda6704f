"""Texts to extract from: plain text, JSON, JSON Lines and comma-separated values, read as a stream."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from .csv_files import scan_csv
from .documents import check_tokens
from .faults import SHOWN_FAULTS, DocumentError, Fault, LocatedFault, Location, is_text, list_names, short_repr
from .formats import (
    DOCUMENT_SUFFIXES,
    is_json,
    is_list_text,
    json_list_fault,
    load_json_list,
    wrong_suffix,
)
from .textfiles import LARGEST_JSON_LIST, Line, parse_json, read_lines

STANDARD_INPUT = "-"
INPUT_SUFFIXES = (".txt", ".csv", *DOCUMENT_SUFFIXES)

DEEPEST_NESTING = 100
"""Levels of lists and objects in an input, whose fields are written out again."""

_RECORD = "an object with text or tokens"
_LIST = f"a JSON list; each item {_RECORD}, a string, or a list of words"
_JSON_LINES = f"JSON Lines, each {_RECORD}"


def read_inputs(path: str | Path) -> Iterator[dict[str, Any]]:
    """Read the texts of a file one by one, in order.

    All but ``.json`` is read as it is used up, in the memory of one line. After a fault nothing more is given, and
    reading goes on only to report the faults that follow.

    Args:
        path: ``.txt`` (a text a line; an empty line is an empty text, so that results correspond to lines),
            ``.csv`` (with a column ``text``), ``.json`` (a list, at most 100 MB, of objects, texts or lists of words,
            as the published code predicts), ``.jsonl``/``.ndjson``
            (an object a line, blank lines left out), or ``-`` for standard input: JSON Lines if the first line that is
            not empty begins with ``{``, else a text a line.

    Yields:
        ``{"text": str, …}`` or ``{"tokens": list[str], …}`` with the object's other fields as given; both may be
        empty.

    Raises:
        DocumentError: With the faults of the file; for a stream at most the first 50.
        OSError: The file cannot be read.
    """
    if str(path) == STANDARD_INPUT:
        yield from _only_valid(_scan_standard_input())
        return
    check_input_suffix(path)
    path = Path(path)
    if is_json(path):
        yield from _read_json(path)
        return
    scan = {".txt": _scan_text, ".csv": _scan_rows}.get(path.suffix.lower(), _scan_json_lines)
    with path.open("rb") as stream:
        yield from _only_valid(scan(read_lines(stream), str(path)))


def check_input_suffix(path: str | Path) -> None:
    """Check that a file of texts has a suffix that says how to read it; standard input needs none.

    Raises:
        DocumentError: It has another.
    """
    fault = None if str(path) == STANDARD_INPUT else wrong_suffix(Path(path), INPUT_SUFFIXES)
    if fault is not None:
        raise DocumentError([LocatedFault(Location(str(path)), fault)])


def _only_valid(items: Iterable[dict[str, Any] | list[LocatedFault]]) -> Iterator[dict[str, Any]]:
    """The inputs up to the first fault.

    Raises:
        DocumentError: At the end, or as soon as there are more faults than a message shows.
    """
    faults: list[LocatedFault] = []
    for item in items:
        if isinstance(item, list):
            faults += item
            if len(faults) >= SHOWN_FAULTS:
                raise DocumentError(faults, complete=False)
        elif not faults:
            yield item
    if faults:
        raise DocumentError(faults)


def _scan_standard_input() -> Iterator[dict[str, Any] | list[LocatedFault]]:
    """Standard input as text or JSON Lines, which its first line that is not empty decides."""
    lines = read_lines(sys.stdin.buffer)
    empty_lines = 0
    for line in lines:
        if line.content != "":
            scan = _scan_json_lines if str(line.content).startswith("{") else _scan_text
            before = (Line(number, "") for number in range(1, empty_lines + 1))
            yield from scan(chain(before, [line], lines), "standard input")
            return
        empty_lines += 1
    yield from ({"text": ""} for _ in range(empty_lines))


def _scan_text(lines: Iterable[Line], source: str) -> Iterator[dict[str, Any] | list[LocatedFault]]:
    for line in lines:
        if isinstance(line.content, Fault):
            yield [LocatedFault(Location(source, line=line.number), line.content)]
        else:
            yield {"text": line.content}


def _scan_rows(lines: Iterable[Line], source: str) -> Iterator[dict[str, Any] | list[LocatedFault]]:
    for location, row in scan_csv(lines, source, "text"):
        yield _check(row, location)


def _scan_json_lines(lines: Iterable[Line], source: str) -> Iterator[dict[str, Any] | list[LocatedFault]]:
    number = 0
    for line in lines:
        if isinstance(line.content, str) and not line.content.strip():
            continue
        number += 1
        location = Location(source, number, line.number)
        if isinstance(line.content, Fault):
            yield [LocatedFault(Location(source, line=line.number), line.content)]
        elif number == 1 and is_list_text(line):
            yield [LocatedFault(Location(source), json_list_fault(_JSON_LINES))]
            return
        else:
            yield _check(parse_json(line.content, location, _RECORD, exact=True), location)


def _read_json(path: Path) -> list[dict[str, Any]]:
    """All inputs of a JSON file, which is in memory anyway: nothing is given out before everything is checked."""
    size = path.stat().st_size
    if size > LARGEST_JSON_LIST:
        allowed = f"at most {LARGEST_JSON_LIST:,} bytes long, as a JSON list is read whole"
        fault = Fault("", f"{size:,}; JSON Lines may be of any size", allowed)
        raise DocumentError([LocatedFault(Location(str(path)), fault)])
    records = load_json_list(path, _LIST, exact=True)
    if isinstance(records, LocatedFault):
        raise DocumentError([records])
    items = [
        _check(_as_object(record), Location(str(path), record=number)) for number, record in enumerate(records, start=1)
    ]
    faults = [fault for item in items if isinstance(item, list) for fault in item]
    if faults:
        raise DocumentError(faults)
    return [item for item in items if isinstance(item, dict)]


def _as_object(item: Any) -> Any:
    """A text or a list of words, as the published code takes them beside objects, as an object."""
    if isinstance(item, str):
        return {"text": item}
    return {"tokens": item} if isinstance(item, list) else item


def _check(record: Any, location: Location) -> dict[str, Any] | list[LocatedFault]:
    """The record if it is a valid input, else its faults."""
    if isinstance(record, LocatedFault):
        return [record]
    return [LocatedFault(location, fault) for fault in _check_input(record)] or record


def _check_input(record: object) -> Iterator[Fault]:
    if not isinstance(record, Mapping):
        yield Fault("", short_repr(record), _RECORD)
    elif _is_deep(record):
        yield Fault("", "deeper ones", f"nested at most {DEEPEST_NESTING} lists and objects deep")
    elif "text" in record and "tokens" in record:
        yield Fault("tokens", "both", "absent where there is text")
    elif "tokens" in record:
        yield from check_tokens(record, may_be_empty=True)
    elif "text" not in record:
        names = list_names([short_repr(name) for name in record])
        yield Fault(
            "text", f"nothing (the record has {names or 'no fields'})", "a string (or tokens a list of strings)"
        )
    elif not is_text(record["text"]):
        yield Fault("text", short_repr(record["text"]), "a string of valid Unicode")


def _is_deep(value: Mapping[str, Any]) -> bool:
    """Whether lists and objects lie deeper in each other than may be; found level by level, for they may be so deep
    that no function can follow by calling itself.
    """
    level: list[Any] = [value]
    for _ in range(DEEPEST_NESTING):
        inner = (part.values() if isinstance(part, Mapping) else part for part in level)
        level = [part for parts in inner for part in parts if isinstance(part, (Mapping, list))]
        if not level:
            return False
    return True
