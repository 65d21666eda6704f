"""From a doc of spaCy to an annotated text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..faults import Location, list_names, short_repr
from .annotated_text import AnnotatedText, TextEntity, TextRelation
from .checks import label_of
from .options import ReadingOptions
from .report import Report
from .spacy_forms import ENTS, GROUP, ID, REL, RELATIONS, THRESHOLD


class DocReader:
    """Reads docs.

    Args:
        options: Which spans are entities.
        report: Takes the counts and faults.
    """

    def __init__(self, options: ReadingOptions, report: Report) -> None:
        self._options, self._report = options, report

    def __call__(self, doc: Any, location: Location) -> AnnotatedText | None:
        """The text of a doc; `None`, and a fault, if the wanted group is not there."""
        groups: dict[str, Sequence[Any]] = {ENTS: doc.ents, **doc.spans}
        chosen = self._choose(groups, location)
        if chosen is None:
            return None
        if doc.has_unknown_spaces:
            self._report.note("docs without spaces between tokens: their texts have a blank after each")
        user_data = doc.user_data if isinstance(doc.user_data, Mapping) else {}
        reading = _Doc(groups, chosen, location, self._report)
        relations = reading.relations(doc, user_data)
        identifier = user_data.get(ID)
        if not isinstance(identifier, (str, int)) or isinstance(identifier, bool):
            identifier = None
        return AnnotatedText(
            doc.text, reading.entities, relations, None if identifier is None else str(identifier), location
        )

    def _choose(self, groups: Mapping[str, Sequence[Any]], location: Location) -> str | None:
        """The group that holds the entities."""
        given = self._options.entity_layer
        if given is not None:
            if given in groups:
                return given
            self._report.fault(location, "entity_layer", short_repr(given), f"one of {list_names([*groups])}")
            return None
        others = [name for name in groups if name != ENTS]
        group = GROUP if GROUP in groups else others[0] if len(others) == 1 else None
        if group is None and others:
            self._report.note(f"the span groups {list_names(others)} are not read (--entity-layer NAME reads one)")
        return group if group is not None and len(groups[group]) > len(groups[ENTS]) else ENTS


class _Doc:
    """The mentions of a doc, by what relations name them with.

    Args:
        groups: All spans, by group.
        chosen: The group that holds the entities.
        location: The doc.
        report: Takes the counts and faults.
    """

    def __init__(self, groups: Mapping[str, Sequence[Any]], chosen: str, location: Location, report: Report) -> None:
        self._location, self._report = location, report
        self.entities: list[TextEntity] = []
        self._by_first: dict[int, list[int]] = {}
        self._by_id: dict[object, set[int | None]] = {}
        self._seen: set[tuple[str | None, int, int]] = set()
        self._relations: list[TextRelation] = []
        places: dict[tuple[int, int, str], int] = {}
        scores = _scores(groups[chosen])
        for number, span in enumerate(groups[chosen]):
            field = f"{chosen}[{number}]"
            if span.start_char >= span.end_char:
                report.skip("entities", "of no characters", location, field)
                continue
            position = len(self.entities)
            self.entities.append(TextEntity(span.label_ or None, span.start_char, span.end_char, score=scores[number]))
            self._by_first.setdefault(span.start, []).append(position)
            places.setdefault(_place(span), position)
            self._name(span, position)
        for name, spans in groups.items():
            if name == chosen:
                continue
            for number, span in enumerate(spans):
                here = places.get(_place(span))
                self._name(span, here)
                if here is None and name in (ENTS, GROUP):
                    reason = f"in {name}, not in {chosen} (--entity-layer {name} reads it)"
                    report.skip("entities", reason, location, f"{name}[{number}]")

    def _name(self, span: Any, position: int | None) -> None:
        """Note a span's id; `position` is that of the entity that it is, if it is one."""
        for identifier in (span.id_, span.id):
            if identifier:
                self._by_id.setdefault(identifier, set()).add(position)

    def relations(self, doc: Any, user_data: Mapping[Any, Any]) -> list[TextRelation]:
        """The relations in all forms; those that stand in several are given once."""
        self._take_triples(user_data.get(RELATIONS), f"user_data.{RELATIONS}")
        for name, group in doc.spans.items():
            self._take_triples(group.attrs.get(RELATIONS), f"spans.{name}.attrs.{RELATIONS}")
        self._take_rel(user_data.get(REL))
        return self._relations

    def _take_triples(self, items: Any, field: str) -> None:
        if items is None:
            return
        if not isinstance(items, (list, tuple)):
            self._report.fault(self._location, field, short_repr(items), "a list of (head's id, tail's id, label)")
            return
        for number, item in enumerate(items):
            place = f"{field}[{number}]"
            if not isinstance(item, (list, tuple)) or len(item) != 3:
                self._report.fault(self._location, place, short_repr(item), "(head's id, tail's id, label)")
                continue
            name, usable = label_of(item[2], self._location, f"{place}[2]", self._report)
            ends = [self._end(value, f"{place}[{which}]") for which, value in enumerate(item[:2])]
            if not usable or any(len(end) != 1 for end in ends):
                continue
            head, tail = (end[0] for end in ends)
            if head is None or tail is None:
                self._report.skip("relations", "an end of it is in another group of spans", self._location, place)
            else:
                self._add(name, head, tail, place)

    def _end(self, value: Any, field: str) -> list[int | None]:
        """The entity of an id, `None` for a span that is none; empty, and a fault, if there is no one span with it."""
        known = isinstance(value, (str, int)) and not isinstance(value, bool) and value in self._by_id
        found = [*self._by_id[value]] if known else []
        if len(found) > 1:
            found = [each for each in found if each is not None]
        if len(found) == 1:
            return found
        given = f"{short_repr(value)}, which {'several spans have' if found else 'no span has'}"
        self._report.fault(self._location, field, given, "the id of one span")
        return []

    def _take_rel(self, rel: Any) -> None:
        if rel is None:
            return
        if not isinstance(rel, Mapping):
            self._report.fault(self._location, "doc._.rel", short_repr(rel), "a dict")
            return
        for key, labels in rel.items():
            field = f"doc._.rel[{short_repr(key)}]"
            if not _is_pair(key):
                self._report.fault(self._location, field, short_repr(key), "a pair of first tokens")
            elif not isinstance(labels, Mapping):
                self._report.fault(self._location, field, short_repr(labels), "a dict of labels with numbers")
            else:
                for label, value in labels.items():
                    self._take_number(key, label, value, f"{field}[{short_repr(label)}]")

    def _take_number(self, key: tuple[int, int], label: Any, value: Any, field: str) -> None:
        if not isinstance(value, (int, float)):
            self._report.fault(self._location, field, short_repr(value), "a number")
            return
        name, usable = label_of(label, self._location, field, self._report)
        if not usable or not value >= THRESHOLD:
            return
        heads, tails = (self._by_first.get(token, []) for token in key)
        if any((name, head, tail) in self._seen for head in heads for tail in tails):
            return
        if not heads or not tails:
            missing = key[0] if not heads else key[1]
            self._report.fault(self._location, field, f"token {missing}", "the first tokens of two mentions")
        elif len(heads) > 1 or len(tails) > 1:
            reason = "doc._.rel names mentions by their first tokens, and several begin with the same one"
            self._report.skip("relations", reason, self._location, field)
        else:
            self._add(name, heads[0], tails[0], field, None if value in (0, 1) else float(value))

    def _add(self, name: str | None, head: int, tail: int, field: str, score: float | None = None) -> None:
        self._seen.add((name, head, tail))
        self._relations.append(TextRelation(name, head, tail, score=score))


def _place(span: Any) -> tuple[int, int, str]:
    return span.start_char, span.end_char, span.label_


def _is_pair(key: object) -> bool:
    return isinstance(key, tuple) and len(key) == 2 and all(type(each) is int for each in key)


def _scores(spans: Any) -> list[float | None]:
    """The scores that a span categorizer has put beside a group."""
    given: Any = getattr(spans, "attrs", {}).get("scores")
    try:
        scores: list[float | None] = [float(each) for each in given]
    except (TypeError, ValueError):
        scores = []
    return scores if len(scores) == len(spans) else [None] * len(spans)
