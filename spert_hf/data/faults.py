"""Faults in inputs and their locations: the form in which this package reports all invalid data."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..model.messages import must_be

SHOWN_FAULTS = 50
_SHOWN_NAMES = 20
_SHOWN_NAME_LENGTH = 60

_REPR = reprlib.Repr()
_REPR.maxlevel = 2
_REPR.maxstring = _REPR.maxother = _REPR.maxlong = 60
_REPR.maxlist = _REPR.maxtuple = _REPR.maxdict = 4


def short_repr(value: object) -> str:
    """Return ``repr(value)``, with its middle left out if it has more than a few hundred characters."""
    try:
        return _REPR.repr(value)
    except ValueError:  # an integer of thousands of digits, which Python refuses to print
        return f"a huge {type(value).__name__}"


def list_names(names: Sequence[str]) -> str:
    """Return the names, separated by commas; long names and long lists are shortened."""
    shown = [name if len(name) <= _SHOWN_NAME_LENGTH else name[: _SHOWN_NAME_LENGTH - 1] + "…" for name in names]
    if len(shown) > _SHOWN_NAMES:
        shown = [*shown[:_SHOWN_NAMES], f"… and {len(names) - _SHOWN_NAMES} more"]
    return ", ".join(shown)


def plain_name(name: object) -> str:
    """Return a name for a message: unchanged if it is short and plain, else quoted and shortened."""
    plain = isinstance(name, str) and name.isprintable() and 0 < len(name) <= 60 and name.strip() == name
    return str(name) if plain else short_repr(name)


def is_text(value: object) -> bool:
    """Return whether the value is a string that UTF-8 can encode, so without the lone surrogates that JSON allows."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_name(value: object) -> bool:
    """Return whether the value can be a type's name or a word: text that is not only white space."""
    return isinstance(value, str) and bool(value.strip()) and is_text(value)


@dataclass(frozen=True, slots=True)
class Fault:
    """An invalid value.

    Attributes:
        field: Path of the value in its record, with list positions from 0 (``entities[3].end``); empty if the record or
            the file itself is invalid.
        given: The given value, in a few words or as a short ``repr``, with what to do about it if that is not obvious.
        allowed: What the value must be, with the reason if that is not obvious.
    """

    field: str
    given: str
    allowed: str

    def __str__(self) -> str:
        return must_be(self.field, self.allowed, self.given)


@dataclass(frozen=True, slots=True)
class Location:
    """The location of a fault.

    Attributes:
        source: The file's path, or the name of the source of the records.
        record: Number of the record, from 1.
        line: Number of the line, from 1.
        column: Number of the character in its line, from 1.
        shown_as: The record's name in the tool that wrote the file, such as `task 17`.
    """

    source: str
    record: int | None = None
    line: int | None = None
    column: int | None = None
    shown_as: str | None = None

    def __str__(self) -> str:
        place = f"line {self.line}" if self.line is not None else self.shown_as or ""
        if self.column is not None:
            place += f", column {self.column}"
        if self.record is None:
            return f"{self.source}, {place}" if place else self.source
        return f"{self.source}, record {self.record}" + (f" ({place})" if place else "")


class LocatedFault(NamedTuple):
    """A fault and its location."""

    location: Location
    fault: Fault

    def __str__(self) -> str:
        return f"{self.location}: {self.fault}"


class FaultError(ValueError):
    """Raised for invalid input, with all faults that were found in it.

    The message has one line per fault, for at most 50 of them; ``faults`` has all.

    Args:
        faults: The faults; at least one.
        complete: Whether the input was read to its end; if not, it may have more faults.
    """

    def __init__(self, faults: Iterable[LocatedFault], *, complete: bool = True) -> None:
        self.faults: list[LocatedFault] = list(faults)
        self.complete = complete
        super().__init__(self.faults)

    def __str__(self) -> str:
        lines = [str(located) for located in self.faults[:SHOWN_FAULTS]]
        hidden = len(self.faults) - len(lines)
        if hidden or not self.complete:
            least = "" if self.complete else "at least "
            lines.append(f"… and {least}{hidden} more" if hidden else "… and perhaps more: reading stopped here")
        if any(located.location.record is not None for located in self.faults):
            lines.append("(records and lines count from 1, positions in [] from 0)")
        return "\n".join(lines)


class SchemaError(FaultError):
    """Raised for an invalid description of entity and relation types."""


class DocumentError(FaultError):
    """Raised for invalid documents or an invalid file of documents."""
