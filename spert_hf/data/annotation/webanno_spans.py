"""The annotations in the columns of a WebAnno TSV file, as entities and relations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ..faults import Location, is_name, short_repr
from .annotated_text import TextEntity, TextRelation
from .offsets import Offsets
from .report import Report
from .webanno_layers import Layer
from .webanno_rows import Row, Table

_VALUES = re.compile(r"(?:\\.|[^\\|]|\\$)+")
_VALUE = re.compile(r"((?:\\.|[^\\]|\\$)*?)(?:\[(\d{1,9})\])?", re.ASCII)
_ESCAPES = re.compile(r"\\(->|[\\\[\]|_;tn*])")
_ESCAPED = {"t": "\t", "n": "\n"}
_SOURCE = re.compile(r"(\d+-\d+(?:\.\d+)?)(?:\[(\d{1,9})_(\d{1,9})\])?", re.ASCII)
_NONE, _NO_VALUE = "_", "*"


class _Value(NamedTuple):
    """One of the annotations of a layer on a row: its label, and its number where it has one."""

    label: str | None
    id: int


class _Span(NamedTuple):
    """A mention as the rows give it: its first and its last row."""

    label: str | None
    first: Row
    last: Row


class Annotations:
    """The annotations of a table.

    Args:
        table: Its rows.
        offsets: Of its text.
        report: Takes what is at fault.
    """

    def __init__(self, table: Table, offsets: Offsets, report: Report) -> None:
        self._table = table
        self._offsets = offsets
        self._report = report
        self._first_columns: dict[Layer, int] = {}
        column = 0
        for layer in table.layers:
            self._first_columns[layer] = column
            column += len(layer.features)

    def counts(self) -> dict[Layer, int]:
        """How many annotations there are of each layer."""
        return {
            layer: len(self._spans(layer))
            if layer.kind == "span"
            else sum(len([*self._values(layer, row)]) for row in self._table.rows)
            for layer in self._table.layers
        }

    def of(self, entity: Layer | None, relation: Layer | None) -> tuple[list[TextEntity], list[TextRelation]]:
        """The entities of a layer in the order of their first rows, and the relations of another one."""
        numbers: dict[tuple[str, int], int] = {}
        on_row: dict[str, list[int]] = {}
        entities: list[TextEntity] = []
        for key, span in ({} if entity is None else self._spans(entity)).items():
            start = self._offsets.to_code_points(span.first.start)
            end = self._offsets.to_code_points(span.last.end)
            if start is not None and end is not None and self._is_label(span.label, span.first):
                numbers[key] = len(entities)
                on_row.setdefault(span.first.id, []).append(len(entities))
                entities.append(TextEntity(span.label, start, end))
        relations = [] if relation is None else [*self._relations(relation, numbers, on_row)]
        return entities, relations

    def _spans(self, layer: Layer) -> dict[tuple[str, int], _Span]:
        """The mentions of a layer by number, or where they have none by row, as they are the only ones there."""
        spans: dict[tuple[str, int], _Span] = {}
        for row in self._table.rows:
            for place, value in enumerate(self._values(layer, row)):
                key = ("", value.id) if value.id else (f"{row.id} {place}" if place else row.id, 0)
                first = spans.get(key)
                if first is None:
                    spans[key] = _Span(value.label, row, row)
                else:
                    last = row if row.end > first.last.end else first.last
                    spans[key] = _Span(first.label, first.first, last)
        return spans

    def _values(self, layer: Layer, row: Row) -> Iterator[_Value]:
        """The annotations of a layer on a row."""
        begin = self._first_columns[layer]
        columns = row.columns[begin : begin + len(layer.features)]
        if all(column == _NONE for column in columns):
            return
        label = layer.label
        for value in _VALUES.findall(columns[label or 0]):
            found = _VALUE.fullmatch(value)
            text, number = found.groups() if found else (value, None)
            has_none = label is None or text in (_NO_VALUE, _NONE)
            yield _Value(None if has_none else _unescape(text), int(number or 0))

    def _relations(
        self, layer: Layer, numbers: dict[tuple[str, int], int], on_row: dict[str, list[int]]
    ) -> Iterator[TextRelation]:
        begin = self._first_columns[layer]
        column = next(place for place, name in enumerate(layer.features) if name.startswith("BT_"))
        for row in self._table.rows:
            if row.columns[begin + column] == _NONE:
                continue
            sources = row.columns[begin + column].split("|")
            labels: list[str | None] = [value.label for value in self._values(layer, row)]
            if layer.label is None:
                labels = [None] * len(sources)
            if len(labels) != len(sources):
                given = f"{len(labels)} labels of {len(sources)} relations"
                self._report.fault(self._at(row), row.id, given, "one for each")
                continue
            for label, source in zip(labels, sources, strict=True):
                ends = self._ends(source, row, numbers, on_row)
                if ends is not None and self._is_label(label, row):
                    yield TextRelation(label, *ends)

    def _ends(
        self, source: str, row: Row, numbers: dict[tuple[str, int], int], on_row: dict[str, list[int]]
    ) -> tuple[int, int] | None:
        """The head, which the column names, and the tail, on whose row it stands, or `None`, and a fault."""
        found = _SOURCE.fullmatch(source)
        if found is None:
            allowed = "the row of a relation's source, such as 1-2, or 1-2[3_4] with numbers of both ends"
            self._report.fault(self._at(row), row.id, short_repr(source), allowed)
            return None
        of_head, of_tail = (int(number or 0) for number in found.groups()[1:])
        ends = []
        for place, number in ((found.group(1), of_head), (row.id, of_tail)):
            here = on_row.get(place, [])
            end = numbers.get(("", number)) if number else here[0] if len(here) == 1 else None
            if end is None:
                given = f"{source}, with no entity{f' {number}' if number else ''} at {place}"
                given = given if number or len(here) < 2 else f"{source}, with {len(here)} entities at {place}"
                self._report.fault(self._at(row), row.id, given, "a row and the number of an entity that begins there")
                return None
            ends.append(end)
        return ends[0], ends[1]

    def _is_label(self, label: str | None, row: Row) -> bool:
        if label is None or is_name(label):
            return True
        self._report.fault(self._at(row), row.id, short_repr(label), "the name of a type")
        return False

    def _at(self, row: Row) -> Location:
        return Location(self._table.where.source, line=row.line)


def _unescape(text: str) -> str:
    return _ESCAPES.sub(lambda found: _ESCAPED.get(found.group(1), found.group(1)), text)
