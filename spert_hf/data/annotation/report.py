"""What was read, what became of it, and what could not be kept: counts that add up, each with its first places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..faults import DocumentError, Fault, LocatedFault, Location

KINDS = ("texts", "entities", "relations")
"""What is counted."""

_SHOWN_PLACES = 3


@dataclass(slots=True)
class _Case:
    """How often something happened, and where at first."""

    count: int = 0
    places: list[LocatedFault] = field(default_factory=list)

    def add(self, count: int, place: LocatedFault) -> None:
        self.count += count
        if len(self.places) < _SHOWN_PLACES:
            self.places.append(place)


class Report:
    """What becomes of annotations on their way from a tool's file to documents.

    For each of [`KINDS`] `read + added = written + left out`. What cannot be read at all is a fault: a reader notes it
    and goes on, so that all faults of a file are told at once.

    Args:
        strict: What is left out, changed or added is at fault, too.
    """

    def __init__(self, strict: bool = False) -> None:
        self._strict = strict
        self.written: Counter[str] = Counter()
        self.faults: list[LocatedFault] = []
        self.notes: list[str] = []
        self._read: Counter[str] = Counter()
        self._left_out: dict[tuple[str, str], _Case] = {}
        self._changed: dict[tuple[str, str], _Case] = {}
        self._added: dict[tuple[str, str], _Case] = {}

    def read(self, kind: str, count: int = 1) -> None:
        """Count what was given to be written."""
        self._read[kind] += count

    def skip(self, kind: str, reason: str, location: Location, field: str = "", count: int = 1) -> None:
        """Count what a reader found and did not give on; see `leave_out`."""
        self.read(kind, count)
        self.leave_out(kind, reason, location, field, count)

    def leave_out(self, kind: str, reason: str, location: Location, field: str = "", count: int = 1) -> None:
        """Count what is not written.

        Args:
            kind: One of [`KINDS`].
            reason: Why; what is left out for the same reason is counted together.
            location: The text.
            field: The annotation in it.
            count: How many.
        """
        self._count(self._left_out, kind, reason, location, field, count)

    def change(self, kind: str, what: str, location: Location, field: str = "", count: int = 1) -> None:
        """Count what is written otherwise than it was annotated; see `leave_out`."""
        self._count(self._changed, kind, what, location, field, count)

    def add(self, kind: str, what: str, location: Location, field: str = "", count: int = 1) -> None:
        """Count what is written beside what was annotated; see `leave_out`."""
        self._count(self._added, kind, what, location, field, count)

    def note(self, text: str) -> None:
        """Say something of the file as a whole, once."""
        if text not in self.notes:
            self.notes.append(text)

    def fault(self, location: Location, field: str, given: str, allowed: str) -> None:
        """Note what cannot be read."""
        self.faults.append(LocatedFault(location, Fault(field, given, allowed)))

    def count_read(self, kind: str) -> int:
        """How many there were, those that a reader skipped included."""
        return self._read[kind]

    def count_left_out(self, kind: str) -> int:
        """How many were left out."""
        return _total(self._left_out, kind)

    def count_added(self, kind: str) -> int:
        """How many were added."""
        return _total(self._added, kind)

    def adds_up(self) -> bool:
        """Whether everything that was read is either written or left out with a reason."""
        return all(
            self.count_read(kind) + self.count_added(kind) == self.written[kind] + self.count_left_out(kind)
            for kind in KINDS
        )

    def raise_faults(self) -> None:
        """Raise what is at fault.

        Raises:
            DocumentError: With every fault.
        """
        if self.faults:
            raise DocumentError(self.faults)

    def lines(self) -> Iterator[str]:
        """The report, for people."""
        yield from self.notes
        for title, cases in (("left out", self._left_out), ("changed", self._changed), ("added", self._added)):
            for (kind, reason), case in _sorted(cases):
                yield f"{title}: {counted(kind, case.count)}: {reason}"
                yield from (f"    {_place(place)}" for place in case.places)
                if case.count > len(case.places):
                    yield f"    … {case.count - len(case.places):,} more"

    def reasons(self) -> list[str]:
        """Why something was left out, with how much."""
        return [f"{counted(kind, case.count)}: {reason}" for (kind, reason), case in _sorted(self._left_out)]

    def _count(
        self, cases: dict[tuple[str, str], _Case], kind: str, what: str, location: Location, field: str, count: int
    ) -> None:
        if count:
            place = LocatedFault(location, Fault(field or kind, what, "as it was annotated"))
            cases.setdefault((kind, what), _Case()).add(count, place)
            if self._strict:
                self.faults.append(place)


_SINGULAR = {"texts": "text", "entities": "entity", "relations": "relation"}


def _sorted(cases: dict[tuple[str, str], _Case]) -> list[tuple[tuple[str, str], _Case]]:
    return sorted(cases.items(), key=lambda item: (KINDS.index(item[0][0]), item[0][1]))


def counted(kind: str, count: int) -> str:
    """How many of [`KINDS`] there are, such as `1 entity` and `2 entities`."""
    return f"{count:,} {kind if count != 1 else _SINGULAR[kind]}"


def _total(cases: dict[tuple[str, str], _Case], kind: str) -> int:
    return sum(case.count for (of_kind, _), case in cases.items() if of_kind == kind)


def _place(place: LocatedFault) -> str:
    return f"{place.location}: {place.fault.field}"
