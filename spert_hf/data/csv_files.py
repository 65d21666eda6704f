"""Reading of comma-separated values as a stream, with a clear message for each possible fault."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock

from .faults import DocumentError, Fault, LocatedFault, Location, list_names, short_repr
from .textfiles import LONGEST_LINE, Line

_LIMIT_LOCK = Lock()
_TABLE = "comma-separated values with the columns' names in the first line"


def scan_csv(
    lines: Iterable[Line], source: str, needed: str
) -> Iterator[tuple[Location, dict[str, str] | LocatedFault]]:
    r"""Yield the rows of a file as mappings from column names to values, without blank lines.

    A line end inside quotes is part of the value, as ``\n`` whatever it is in the file.

    Args:
        lines: The lines of the file.
        source: The file's name in error messages.
        needed: Name of a required column.

    Yields:
        Each row, or its fault, with its location. If reading can't continue after a fault, it is the last item.
    """
    rows = _rows(lines, source)
    try:
        header_place, header = next(rows, (Location(source), []))
        fault = _header_fault(header, needed)
        if fault is not None:
            yield header_place, LocatedFault(header_place, fault)
            return
        for number, (place, row) in enumerate(rows, start=1):
            location = Location(source, number, place.line)
            if len(row) == len(header):
                yield location, dict(zip(header, row, strict=True))
            else:
                fault = Fault("", f"{len(row)}", f"{len(header)} values, as many as there are columns")
                yield location, LocatedFault(location, fault)
    except DocumentError as error:
        yield error.faults[0].location, error.faults[0]


def _rows(lines: Iterable[Line], source: str) -> Iterator[tuple[Location, list[str]]]:
    """Yield each row that is not blank, with the line that it ends on.

    Raises:
        DocumentError: After a fault that ends reading.
    """
    reader = csv.reader(_contents(lines, source), strict=True)
    while True:
        try:
            with _long_values():
                row = next(reader, None)
        except csv.Error as error:
            location = Location(source, line=reader.line_num)
            raise DocumentError([LocatedFault(location, Fault("", str(error), _TABLE))]) from error
        if row is None:
            return
        if row:
            yield Location(source, line=reader.line_num), row


def _contents(lines: Iterable[Line], source: str) -> Iterator[str]:
    """Yield the lines as ``csv`` expects them."""
    for line in lines:
        if isinstance(line.content, Fault):
            raise DocumentError([LocatedFault(Location(source, line=line.number), line.content)])
        yield line.content + "\n"


@contextmanager
def _long_values() -> Iterator[None]:
    """Raise the limit of ``csv`` on the length of values to that of lines inside the context; the limit is global."""
    with _LIMIT_LOCK:
        before = csv.field_size_limit(LONGEST_LINE)
        try:
            yield
        finally:
            csv.field_size_limit(before)


def _header_fault(header: Sequence[str], needed: str) -> Fault | None:
    if not header:
        return Fault("", "an empty file", _TABLE)
    if len(set(header)) < len(header):
        repeated = next(name for place, name in enumerate(header) if name in header[:place])
        return Fault("", f"two columns named {short_repr(repeated)}", "a table that names each column once")
    if needed in header:
        return None
    hint = next((f", separated by {short_repr(mark)}" for mark in ";\t|" if mark in header[0]), "")
    given = f"the columns {list_names([short_repr(name) for name in header])}{hint}"
    return Fault(needed, given, f"a column of {_TABLE}")
