"""The lines of one of brat's `.ann` files, as entities and relations of a text."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from ..faults import Location, is_name, short_repr
from .annotated_text import TextEntity, TextRelation
from .checks import span_of
from .offsets import Offsets
from .report import Report

_ID = re.compile(r"[TREAMN][0-9]\S*|#\S*|\*")
_OFFSETS = re.compile(r" *(-?[0-9]{1,18}) +(-?[0-9]{1,18}) *", re.ASCII)
_OTHERS = {"A": "attributes (A)", "M": "attributes (A)", "N": "normalisations (N)", "#": "notes (#)"}
_SHAPES = {
    "T": "an id, a tab, TYPE START END, a tab and the text, as in 'T1 → Person 0 9 → Mira Voss' (→ for tabs)",
    "R": "an id, a tab and TYPE Arg1:ID Arg2:ID, as in 'R1 → Founded Arg1:T1 Arg2:T2' (→ for the tab)",
    "": "an id such as T1, R1, E1, A1, N1, #1 or *, a tab, and what it stands for",
}


class _Line(NamedTuple):
    """A line with an id of its own."""

    id: str
    body: str
    rest: str | None
    location: Location


class Standoff:
    """The annotations of a text.

    Args:
        text: The text.
        unit: What offsets count.
        path: The `.ann` file.
        report: Takes what is at fault and what is left out.

    Attributes:
        entities: Those that are not at fault, in the order of the file.
        relations: Those whose ends are among them.
        others: How many there are of what is neither, by name.
    """

    def __init__(self, text: str, unit: str, path: Path, report: Report) -> None:
        self.entities: list[TextEntity] = []
        self.relations: list[TextRelation] = []
        self.others: Counter[str] = Counter()
        self._text = text
        self._offsets = Offsets(text, unit)
        self._path = path
        self._report = report
        self._lines: dict[str, int] = {}
        self._numbers: dict[str, int] = {}

    def read(self, content: str) -> None:
        """Take all lines of the file; relations may stand before their entities."""
        relations: list[_Line] = []
        for number, line in enumerate(content.split("\n"), start=1):
            taken = self._line(line.removesuffix("\r"), Location(str(self._path), line=number))
            if taken is None:
                continue
            kind = taken.id[0]
            if kind == "T":
                self._take_entity(taken)
            elif kind == "R":
                relations.append(taken)
            elif kind == "E":
                self._skip(taken, "an event (E), of which only the trigger is read")
            elif kind == "*":
                self._skip(taken, "an equivalence (*), which has no direction")
            else:
                self.others[_OTHERS[kind]] += 1
        for each in relations:
            self._take_relation(each)

    def _line(self, line: str, location: Location) -> _Line | None:
        """The parts of a line; `None` where it is blank or at fault."""
        if not line.strip():
            return None
        name, tab, rest = line.partition("\t")
        word = (line.split() or [""])[0]
        kind = word[0] if _ID.fullmatch(word) else ""
        if not tab or _ID.fullmatch(name) is None:
            given = short_repr(line) + (", with blanks for tabs" if kind and not line.startswith(f"{word}\t") else "")
            self._report.fault(location, word if kind else "", given, _SHAPES.get(kind, _SHAPES[""]))
            if kind:
                self._lines.setdefault(word, location.line or 0)
            return None
        if name[0] in "TRE":
            if name in self._lines:
                given = f"the id of line {self._lines[name]}, too"
                self._report.fault(location, name, given, "an id that no other line has")
                return None
            self._lines[name] = location.line or 0
        body, tab, rest = rest.partition("\t")
        return _Line(name, body, rest if tab else None, location)

    def _skip(self, line: _Line, reason: str) -> None:
        self._report.skip("relations", reason, line.location, line.id)

    def _take_entity(self, line: _Line) -> None:
        name, _, offsets = line.body.strip(" ").partition(" ")
        if not is_name(name) or not offsets.strip():
            self._report.fault(line.location, line.id, short_repr(line.body), _SHAPES["T"])
            return
        parts = self._parts(offsets, line)
        if parts is None or not self._is_text_of(parts, line):
            return
        in_order = sorted(parts)
        overlapping = any(end > start for (_, end), (start, _) in pairwise(in_order))
        if overlapping:
            self._report.fault(line.location, line.id, repr(offsets), "fragments that do not overlap")
            return
        self._numbers[line.id] = len(self.entities)
        fragments = tuple(in_order) if len(in_order) > 1 else ()
        self.entities.append(TextEntity(name, in_order[0][0], in_order[-1][1], fragments=fragments))

    def _parts(self, offsets: str, line: _Line) -> list[tuple[int, int]] | None:
        """The places of a mention's fragments in the order of the file; `None`, and a fault, if one is none."""
        parts = []
        for part in offsets.split(";"):
            numbers = _OFFSETS.fullmatch(part)
            if numbers is None:
                allowed = "START END, two numbers, with a ; between fragments, and a tab before the text"
                self._report.fault(line.location, line.id, short_repr(offsets), allowed)
                return None
            start, end = map(int, numbers.groups())
            place = span_of(start, end, self._offsets, line.location, line.id, self._report)
            if place is None:
                return None
            parts.append(place)
        return parts

    def _is_text_of(self, parts: list[tuple[int, int]], line: _Line) -> bool:
        """Whether the text column has the text at the offsets, white space aside, or nothing; if not, it is at fault.

        brat joins fragments by a blank, did without in its first versions, and takes it if more follows.
        """
        column = _folded(line.rest or "")
        covered = [self._text[start:end] for start, end in parts]
        if column in ("", _folded(" ".join(covered)), _folded("".join(covered))):
            return True
        if column.startswith(f"{_folded(' '.join(covered))} "):
            what = "its text column goes on behind the text at its offsets, which are taken"
            self._report.change("entities", what, line.location, line.id)
            return True
        given = f"the text {short_repr(line.rest)}"
        self._report.fault(line.location, line.id, given, f"{short_repr(' '.join(covered))}, the text at its offsets")
        return False

    def _take_relation(self, line: _Line) -> None:
        name, *arguments = line.body.split() or [""]
        ends = [argument.partition(":")[::2] for argument in arguments]
        if not is_name(name) or len(ends) != 2 or not all(role and target for role, target in ends):
            self._report.fault(line.location, line.id, short_repr(line.body), _SHAPES["R"])
            return
        roles = [role for role, _ in ends]
        if roles[0] == roles[1]:
            self._report.fault(line.location, line.id, short_repr(line.body), "arguments with two different names")
            return
        if [role.lower() for role in roles] == ["arg2", "arg1"]:
            ends.reverse()
        unknown = [(role, target) for role, target in ends if target not in self._lines or target[0] not in "TE"]
        for role, target in unknown:
            self._report.fault(line.location, f"{line.id}.{role}", target, "the id of an entity in this file")
        if unknown:
            return
        head, tail = (self._numbers.get(target) for _, target in ends)
        if any(target[0] == "E" for _, target in ends):
            self._skip(line, "of an event (E), which is not read")
        elif head is not None and tail is not None:  # else one is at fault, and told
            self.relations.append(TextRelation(name, head, tail))


def _folded(text: str) -> str:
    """The text with a blank for all white space in a row, none at its ends: columns cannot hold line ends."""
    return " ".join(text.split())
