"""What is wrong with an input, and where: the one form in which all of this package reports bad data."""

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
    """``repr(value)``, cut in its middle so that it stays below a few hundred characters whatever the value is."""
    try:
        return _REPR.repr(value)
    except ValueError:  # an integer of thousands of digits: Python refuses to print it
        return f"a huge {type(value).__name__}"


def list_names(names: Sequence[str]) -> str:
    """The names with commas between them, long names and long lists cut."""
    shown = [name if len(name) <= _SHOWN_NAME_LENGTH else name[: _SHOWN_NAME_LENGTH - 1] + "…" for name in names]
    if len(shown) > _SHOWN_NAMES:
        shown = [*shown[:_SHOWN_NAMES], f"… and {len(names) - _SHOWN_NAMES} more"]
    return ", ".join(shown)


def plain_name(name: object) -> str:
    """A name for a message: as it is where it is short and plain, else quoted and cut."""
    plain = isinstance(name, str) and name.isprintable() and 0 < len(name) <= 60 and name.strip() == name
    return str(name) if plain else short_repr(name)


def is_text(value: object) -> bool:
    """Whether the value is a string that UTF-8 can hold: JSON can smuggle in half a surrogate pair, which it cannot."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_name(value: object) -> bool:
    """Whether the value can name a type or be a word: text with at least one character that is not white space."""
    return isinstance(value, str) and bool(value.strip()) and is_text(value)


@dataclass(frozen=True, slots=True)
class Fault:
    """One wrong value.

    Attributes:
        field: Path of the value inside its record, list positions counted from 0 (``entities[3].end``); empty where
            the record or the file itself is at fault.
        given: What was given, in a few words or as a short ``repr``, with what to do about it where that is not plain.
        allowed: What it must be, with the reason where it is not plain.
    """

    field: str
    given: str
    allowed: str

    def __str__(self) -> str:
        return must_be(self.field, self.allowed, self.given)


@dataclass(frozen=True, slots=True)
class Location:
    """Where a fault stands.

    Attributes:
        source: The file's path, or the name of what the records came from.
        record: Number of the record, counted from 1.
        line: Number of the line, counted from 1.
        column: Number of the character in its line, counted from 1.
        shown_as: What the tool that wrote the file shows the record as, such as `task 17`.
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
    """A fault and the place where it stands."""

    location: Location
    fault: Fault

    def __str__(self) -> str:
        return f"{self.location}: {self.fault}"


class FaultError(ValueError):
    """Input that cannot be used, with every fault found in it.

    The message has one line per fault, at most 50 of them; ``faults`` has all.

    Args:
        faults: The faults, at least one.
        complete: Whether the input was read to its end; if not, there may be more faults in it.
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
    """A description of entity and relation types that cannot be used."""


class DocumentError(FaultError):
    """Documents, or a file of documents, that cannot be used."""
