"""The results of a Label Studio annotation: regions become entities, relations relations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from ...model.messages import either
from ..faults import Location, short_repr
from .annotated_text import TextEntity, TextRelation
from .checks import label_of, score_of, span_of
from .label_studio_offsets import Shown, is_shown_as
from .offsets import Offsets
from .report import Report

HYPERTEXT = "hypertextlabels"
REGIONS = ("labels", HYPERTEXT)
"""Types of the results that are regions of a text; their labels have the same name."""

DIRECTIONS = ("right", "left", "bi")

_Id: TypeAlias = str | int


def is_of(result: object, types: Sequence[str]) -> bool:
    """Whether a result is of one of some types."""
    return isinstance(result, dict) and result.get("type") in types


def shown_regions(results: Sequence[object]) -> Iterator[Shown]:
    """Where regions are and what their text is, as far as the file says so."""
    for result in results:
        value = result.get("value") if isinstance(result, dict) and is_of(result, REGIONS) else None
        if isinstance(value, dict):
            place = value.get("globalOffsets", value)
            if isinstance(place, dict):
                yield place.get("start"), place.get("end"), value.get("text")


class Results:
    """Reads the results of one annotation.

    Args:
        text: What was annotated.
        offsets: Its offsets.
        field: The path of the results in the task.
        location: The task.
        report: Takes the faults, and the counts of what is not given on.
        unread: Takes the types of results that are neither regions nor relations.
        known_labels: Takes those that may be used, so that each is checked once.
    """

    def __init__(
        self,
        text: str,
        offsets: Offsets,
        field: str,
        location: Location,
        report: Report,
        unread: Counter[str],
        known_labels: set[str],
    ) -> None:
        self.entities: list[TextEntity] = []
        """Those of the regions."""
        self.relations: list[TextRelation] = []
        """One for each label of each relation."""
        self._text = text
        self._offsets = offsets
        self._field = field
        self._location = location
        self._report = report
        self._unread = unread
        self._known_labels = known_labels
        self._positions: dict[_Id, int] = {}
        self._faulty: set[_Id] = set()
        self._others: set[_Id] = set()
        self._ambiguous: dict[_Id, str] = {}

    def read(self, results: Sequence[Any]) -> None:
        """Read the results, which may stand in any order."""
        relations = []
        for number, result in enumerate(results):
            field = f"{self._field}[{number}]"
            of_type = result.get("type") if isinstance(result, dict) else None
            if of_type == "relation":
                relations.append((field, result))
            elif of_type in REGIONS:
                self._read_region(result, of_type, field)
            elif isinstance(of_type, str):
                self._read_other(result, of_type, field)
            elif isinstance(result, dict):
                self._fault(f"{field}.type", of_type, "the type of a result, such as labels or relation")
                self._forget(result)
            else:
                self._fault(field, result, "an object")
        for field, result in relations:
            self._read_relation(result, field)

    def _read_other(self, result: Mapping[str, Any], of_type: str, field: str) -> None:
        """Count what is no region of a text; choices and notes of a region share its id."""
        if of_type.endswith("labels"):
            reason = f"a region of type {short_repr(of_type)}, which marks no characters"
            self._report.skip("entities", reason, self._location, field)
        else:
            self._unread[of_type] += 1
        if _is_id(result.get("id")):
            self._others.add(result["id"])

    def _read_region(self, result: Mapping[str, Any], of_type: str, field: str) -> None:
        value = result.get("value")
        if not isinstance(value, dict):
            self._fault(f"{field}.value", value, f"an object with start, end and {of_type}")
            self._forget(result)
            return
        where = f"{field}.value"
        place = value if of_type != HYPERTEXT else value.get("globalOffsets")
        names = self._labels(value, of_type if of_type in value else "labels", where)
        span = None
        if not isinstance(place, dict):
            self._fault(f"{where}.globalOffsets", place, "an object with start and end, characters of the text")
        else:
            within = where if place is value else f"{where}.globalOffsets"
            span = span_of(place.get("start"), place.get("end"), self._offsets, self._location, within, self._report)
        identifier = result.get("id")
        if identifier is not None and not _is_id(identifier):
            self._fault(f"{field}.id", identifier, "a string")
        elif span is None or names is None or not self._is_shown(value, span, where):
            self._forget(result)
        else:
            more = (*names[1:],) if len(names) > 1 else ()
            entity = TextEntity(names[0] if names else None, span[0], span[1], more, score=score_of(result))
            self._add(entity, identifier, field)

    def _add(self, entity: TextEntity, identifier: _Id | None, field: str) -> None:
        """Add a region, or its labels to what is the same region in another control of the interface."""
        if identifier is None:
            self.entities.append(entity)
            return
        known = self._positions.setdefault(identifier, len(self.entities))
        if known == len(self.entities):
            self.entities.append(entity)
            return
        first = self.entities[known]
        if (first.start, first.end) != (entity.start, entity.end):
            self._ambiguous.setdefault(identifier, field)
            self.entities.append(entity)
            return
        names = [name for name in (first.type, *first.more_types, entity.type, *entity.more_types) if name is not None]
        first.type, *more = dict.fromkeys(names) or [None]
        first.more_types = (*(name for name in more if name is not None),)

    def _read_relation(self, result: Mapping[str, Any], field: str) -> None:
        names = self._labels(result, "labels", field)
        direction = result.get("direction") or "right"
        if direction not in DIRECTIONS:
            self._fault(f"{field}.direction", direction, either(DIRECTIONS))
        head, tail = self._end(result, "from_id", field), self._end(result, "to_id", field)
        if head is None or tail is None:
            if self._is_other(result.get("from_id")) or self._is_other(result.get("to_id")):
                self._report.skip("relations", "of a result that is no region of the text", self._location, field)
            return
        if names is None or direction not in DIRECTIONS:
            return
        if direction == "left":
            head, tail = tail, head
        for name in names or (None,):
            relation = TextRelation(name, head, tail, both_ways=direction == "bi", score=score_of(result))
            self.relations.append(relation)

    def _end(self, result: Mapping[str, Any], key: str, field: str) -> int | None:
        """The position of a relation's end, `None` if there is none; unless that is told already, it is at fault."""
        identifier = result.get(key)
        if not _is_id(identifier):
            self._fault(f"{field}.{key}", identifier, "the id of a region")
            return None
        if identifier in self._ambiguous:
            second = self._ambiguous[identifier]
            if identifier not in self._faulty:
                allowed = "one that no region at another place has, as a relation points to it"
                self._fault(f"{second}.id", identifier, allowed)
            self._faulty.add(identifier)
            return None
        if identifier in self._positions:
            return self._positions[identifier]
        if identifier not in self._faulty and not self._is_other(identifier):
            self._fault(f"{field}.{key}", identifier, "the id of a region of the same annotation")
        return None

    def _is_other(self, identifier: object) -> bool:
        """Whether there is something of this id, but no region of the text."""
        if not _is_id(identifier):
            return False
        return identifier in self._others and identifier not in self._positions and identifier not in self._faulty

    def _labels(self, holder: Mapping[str, Any], key: str, field: str) -> list[str] | None:
        """The labels of a region or relation, maybe none; `None` if they are at fault."""
        labels = holder.get(key)
        if labels is None:
            return []
        if not isinstance(labels, list):
            self._fault(f"{field}.{key}", labels, "a list of labels")
            return None
        if len(labels) == 1 and isinstance(labels[0], str) and labels[0] in self._known_labels:
            return labels
        found = [
            label_of(label, self._location, f"{field}.{key}[{number}]", self._report)
            for number, label in enumerate(labels)
        ]
        names = [*dict.fromkeys(name for name, _ in found if name is not None)]
        self._known_labels.update(names)
        return names if all(is_usable for _, is_usable in found) else None

    def _is_shown(self, value: Mapping[str, Any], span: tuple[int, int], field: str) -> bool:
        """Whether the region's own text, if it has one, is the one at its place; if not, it is at fault."""
        shown, there = value.get("text"), self._text[span[0] : span[1]]
        if not isinstance(shown, str) or is_shown_as(shown, there):
            return True
        self._fault(f"{field}.text", shown, f"what stands at its offsets, {short_repr(there)}, or absent")
        return False

    def _forget(self, result: Mapping[str, Any]) -> None:
        """Remember that a region is at fault, so that its relations are not, too."""
        if _is_id(result.get("id")):
            self._faulty.add(result["id"])

    def _fault(self, field: str, given: object, allowed: str) -> None:
        self._report.fault(self._location, field, "nothing" if given is None else short_repr(given), allowed)


def _is_id(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))
