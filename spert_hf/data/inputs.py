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


class FaultyRecord(list[LocatedFault]):
    """The faults of a record that was read but can't be extracted from.

    Args:
        faults: What is wrong with it.
        record: The record.

    Attributes:
        others: Its fields besides the text and the words.
    """

    def __init__(self, faults: Iterable[LocatedFault], record: object) -> None:
        super().__init__(faults)
        self.others: dict[str, Any] = {}
        if isinstance(record, Mapping) and not _is_deep(record):
            self.others = {name: value for name, value in record.items() if name not in ("text", "tokens")}


def check_input_suffix(path: str | Path) -> None:
    """Check that a file of texts has a suffix that says how to read it; standard input needs none.

    Raises:
        DocumentError: It has another.
    """
    fault = None if str(path) == STANDARD_INPUT else wrong_suffix(Path(path), INPUT_SUFFIXES)
    if fault is not None:
        raise DocumentError([LocatedFault(Location(str(path)), fault)])


def scan_records(
    lines: Iterable[Line], suffix: str, source: str, text_column: str | None = None
) -> Iterator[dict[str, Any] | list[LocatedFault]]:
    """The texts of a stream of lines one by one, each with what is wrong with it in its stead.

    Args:
        lines: Of a file, or of a part of it.
        suffix: What says how to read them: ``.txt``, ``.csv`` or one of JSON Lines.
        source: What faults call it.
        text_column: The field with the text or the words, which is given as ``text`` or ``tokens``; a field that has
            that name already becomes ``given_text`` or ``given_tokens``. Default: ``text`` or ``tokens``.

    Raises:
        DocumentError: Nothing more can be read: it is another format, a line is too long, or a table is broken.
    """
    lines = _until_the_last(lines, source)
    if suffix == ".txt":
        yield from _scan_text(lines, source)
        return
    is_table = suffix == ".csv"
    scan = _scan_rows if is_table else _scan_json_lines
    for item in scan(lines, source, text_column):
        if isinstance(item, list):
            place = item[0].location
            if place.record is None and (is_table or place.line is None):
                raise DocumentError(item)
        yield item


def scan_json_list(
    items: Iterable[Any], source: str, text_column: str | None = None
) -> Iterator[dict[str, Any] | list[LocatedFault]]:
    """As ``scan_records``, of the items of a JSON list."""
    for number, item in enumerate(items, start=1):
        yield _check(_as_object(item), Location(source, record=number), text_column)


def _until_the_last(lines: Iterable[Line], source: str) -> Iterator[Line]:
    for line in lines:
        if line.is_last and isinstance(line.content, Fault):
            raise DocumentError([LocatedFault(Location(source, line=line.number), line.content)])
        yield line


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


def _scan_rows(
    lines: Iterable[Line], source: str, text_column: str | None = None
) -> Iterator[dict[str, Any] | list[LocatedFault]]:
    for location, row in scan_csv(lines, source, text_column or "text"):
        yield _check(row, location, text_column)


def _scan_json_lines(
    lines: Iterable[Line], source: str, text_column: str | None = None
) -> Iterator[dict[str, Any] | list[LocatedFault]]:
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
            yield _check(parse_json(line.content, location, _RECORD, exact=True), location, text_column)


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


def _check(record: Any, location: Location, text_column: str | None = None) -> dict[str, Any] | list[LocatedFault]:
    """The record if it is a valid input, else its faults."""
    if isinstance(record, LocatedFault):
        return [record]
    if text_column is not None and isinstance(record, Mapping):
        if text_column not in record:
            fault = Fault(text_column, _fields_of(record), "a string or a list of strings")
            return FaultyRecord([LocatedFault(location, fault)], record)
        record = _renamed(record, text_column)
    faults = [LocatedFault(location, fault) for fault in _check_input(record)]
    return FaultyRecord(faults, record) if faults else record


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
        yield Fault("text", _fields_of(record), "a string (or tokens a list of strings)")
    elif not is_text(record["text"]):
        yield Fault("text", short_repr(record["text"]), "a string of valid Unicode")


def _fields_of(record: Mapping[str, Any]) -> str:
    names = list_names([short_repr(name) for name in record])
    return f"nothing (the record has {names or 'no fields'})"


def _renamed(record: Mapping[str, Any], text_column: str) -> dict[str, Any]:
    """The record with the column called `text`, or `tokens` where it is a list, and no other one of these names."""
    new = "tokens" if isinstance(record[text_column], list) else "text"
    names = {name: f"given_{name}" for name in ("text", "tokens") if name in record} | {text_column: new}
    return {names.get(name, name): value for name, value in record.items()}


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
