"""Bytes to text to JSON, with a clear fault for everything that can be wrong on the way."""

from __future__ import annotations

import json
import math
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, NoReturn

from .faults import Fault, LocatedFault, Location, is_text, short_repr

LONGEST_LINE = 1 << 26
"""Bytes that a line of a file which is read line by line may have: bounds the memory of files with no line's end."""

LARGEST_JSON_LIST = 100_000_000
"""Bytes of a ``.json`` file, which is read whole; larger ones belong into JSON Lines, which is not."""

_DIGITS_OF_AN_INT = 600
"""Python reads integers of at least so many digits."""

_GZIP = b"\x1f\x8b"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_BOM = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """A line of a file: its number, counted from 1, and its text without the line end, or what is wrong with it.

    `is_last` is true of a fault after which nothing more can be read.
    """

    number: int
    content: str | Fault
    is_last: bool = False


def foreign_format(start: bytes) -> Fault | None:
    """The fault of a file whose first bytes show that it is no UTF-8 text at all."""
    if start.startswith(_GZIP):
        return Fault("", "gzip-compressed data; decompress it first", "UTF-8 text")
    if start.startswith(_UTF16):
        return Fault("", "UTF-16 text; save the file as UTF-8", "UTF-8 text")
    return None


def decode(data: bytes, offset: int = 0) -> str | Fault:
    """UTF-8 text of the bytes; ``offset`` is the number of bytes that stand before them in their file."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        given = f"byte 0x{data[error.start]:02x} at offset {offset + error.start}"
        return Fault("", f"{given} (the file has another encoding or is damaged)", "UTF-8 text")


def read_text(path: Path) -> str | Fault:
    """The text of a UTF-8 file, without its byte-order mark if it has one.

    Raises:
        OSError: The file cannot be read.
    """
    data = path.read_bytes()
    fault = foreign_format(data)
    if fault is not None:
        return fault
    if not data.strip():
        return Fault("", "an empty file", "JSON")
    mark = len(_BOM) if data.startswith(_BOM) else 0
    return decode(data[mark:], mark)


def read_lines(stream: BinaryIO) -> Iterator[Line]:
    r"""The lines of a stream, one at a time, ended by ``\n``, ``\r\n`` or ``\r``; a byte-order mark is skipped.

    A file that is not text at all, or has a line that is too long, gives one line with the fault and then ends.
    """
    offset, number = 0, 0
    for data in iter(lambda: stream.readline(LONGEST_LINE + 1), b""):
        number += 1
        if number == 1:
            fault = foreign_format(data)
            if fault is not None:
                yield Line(1, fault, is_last=True)
                return
        if len(data) > LONGEST_LINE:
            fault = Fault("", "a longer one", f"a line of at most {LONGEST_LINE:,} bytes")
            yield Line(number, fault, is_last=True)
            return
        mark = len(_BOM) if number == 1 and data.startswith(_BOM) else 0
        content = decode(data[mark:].removesuffix(b"\n").removesuffix(b"\r"), offset + mark)
        offset += len(data)
        if isinstance(content, Fault) or "\r" not in content:
            yield Line(number, content)
            continue
        parts = content.split("\r")
        yield from (Line(number + place, part) for place, part in enumerate(parts))
        number += len(parts) - 1


@dataclass(frozen=True)
class ExactNumber:
    """A number in JSON that Python's own would round or can't hold, kept as it was written."""

    text: str

    def __repr__(self) -> str:
        return self.text


_MARK = f"exact number {uuid.uuid4().hex} "
"""What stands for an exact number until the text around it is written; no input can know it."""
_MARKED = re.compile(f'"{_MARK}([^"]+)"')


def to_json_line(value: object) -> str:
    """The value as JSON in one line that UTF-8 can hold: readable, but for halves of surrogate pairs, which JSON's
    escapes can write and UTF-8 cannot. Exact numbers are written as they were read.
    """
    text = json.dumps(value, ensure_ascii=False, default=_marked)
    return _MARKED.sub(r"\1", text if is_text(text) else json.dumps(value, default=_marked))


def _marked(value: object) -> str:
    if isinstance(value, ExactNumber):
        return f"{_MARK}{value.text}"
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def _exact_float(text: str) -> float | ExactNumber:
    value = float(text)
    try:
        is_same = math.isfinite(value) and Decimal(text) == Decimal(repr(value))
    except InvalidOperation:  # an exponent beyond all bounds
        is_same = False
    return value if is_same else ExactNumber(text)


def _exact_int(text: str) -> int | ExactNumber:
    return int(text) if len(text) <= _DIGITS_OF_AN_INT else ExactNumber(text)


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text}, which is not JSON")


_EXACT = {"parse_float": _exact_float, "parse_int": _exact_int, "parse_constant": _refuse_constant}


def parse_json(
    text: str,
    location: Location,
    allowed: str,
    object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None,
    exact: bool = False,
) -> Any | LocatedFault:
    """The JSON value of the text, or the fault and its place where the text is not JSON.

    Args:
        text: A whole file or, where ``location`` has a line, that line.
        location: Where the text comes from; a fault adds line and column.
        allowed: What the fault says should stand there.
        object_pairs_hook: As for ``json.loads``.
        exact: Numbers are to be written again as they are: those that Python would change are ``ExactNumber``, and
            NaN and the infinities, which are no JSON, a fault.
    """
    try:
        numbers: dict[str, Any] = _EXACT if exact else {}
        return json.loads(text, object_pairs_hook=object_pairs_hook, **numbers)
    except json.JSONDecodeError as error:
        line = location.line if location.line is not None else error.lineno
        place = Location(location.source, location.record, line, error.colno)
        around = text[error.pos : error.pos + 20]
        given = f"{short_repr(around) if around else 'the end of the text'} ({error.msg})"
        return LocatedFault(place, Fault("", given, allowed))
    except RecursionError:
        return LocatedFault(location, Fault("", "JSON nested thousands of levels deep", allowed))
    except ValueError as error:  # an integer of more digits than Python reads
        return LocatedFault(location, Fault("", str(error)[:120], allowed))
