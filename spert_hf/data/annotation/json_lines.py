"""JSON Lines of texts with character spans: the plainest form, which `extract` writes, too.

`{"text": …, "entities": [{"start", "end", "type"}], "relations": [{"type", "head", "tail"}]}`, offsets in code points.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ...files.atomic import write_atomically
from ...model.messages import integer
from ..faults import Location, short_repr
from ..textfiles import to_json_line
from .annotated_text import AnnotatedText, TextEntity, TextRelation
from .checks import label_of, list_in, score_of, span_of, text_in
from .json_items import read_json_lines
from .offsets import Offsets
from .options import ReadingOptions, WritingOptions
from .plain_form import places_of, plain_form
from .report import Report
from .sample import Sample

_ALLOWED = "a JSON object with text, entities and relations"
_OWN = ("text", "entities", "relations", "id")


def recognises(sample: Sample) -> bool:
    """Whether the first line that has entities is a text of which each has a start and an end."""
    records = [record for record in sample.objects() if isinstance(record.get("entities"), list)]
    first = next((record for record in records if record["entities"]), records[0] if records else {})
    if "text" not in first or "tokens" in first:
        return False
    return all(isinstance(item, Mapping) and "start" in item and "end" in item for item in first["entities"])


def read(path: Path, options: ReadingOptions, report: Report) -> Iterator[AnnotatedText]:
    """Read the texts."""
    for location, record in read_json_lines(path, report, _ALLOWED):
        text = text_in(record, "text", location, report)
        if "entities" not in record:  # those of other tools have their mentions under other names
            report.fault(location, "entities", "nothing", "a list of mentions, which may be empty")
            continue
        if text is None:
            continue
        entities, numbers = _entities(record, Offsets(text, options.offsets or "code-points"), location, report)
        relations = [*_relations(record, numbers, location, report)]
        identifier = record.get("id", record.get("orig_id"))
        if isinstance(identifier, bool) or not (identifier is None or isinstance(identifier, (int, str))):
            report.fault(
                location, "id" if "id" in record else "orig_id", short_repr(identifier), "a string or an integer"
            )
            identifier = None
        extra = {name: value for name, value in record.items() if name not in _OWN}
        yield AnnotatedText(text, entities, relations, None if identifier is None else str(identifier), location, extra)


def write(texts: Iterable[AnnotatedText], path: Path, options: WritingOptions, report: Report) -> None:
    """Write the texts, a line for each."""
    unit = options.offsets or "code-points"
    write_atomically(path, (f"{to_json_line(_record(text, unit, report))}\n" for text in texts))


def _entities(
    record: Mapping[str, Any], offsets: Offsets, location: Location, report: Report
) -> tuple[list[TextEntity], dict[int, int]]:
    """The entities that are not at fault, and for each position in the file the one among them."""
    entities: list[TextEntity] = []
    numbers: dict[int, int] = {}
    for number, item in enumerate(list_in(record, "entities", location, report)):
        field = f"entities[{number}]"
        if not isinstance(item, Mapping):
            report.fault(location, field, short_repr(item), "an object with start, end and type")
            continue
        place = span_of(item.get("start"), item.get("end"), offsets, location, field, report)
        name, usable = label_of(item.get("type"), location, f"{field}.type", report)
        if place is not None and usable:
            numbers[number] = len(entities)
            entities.append(TextEntity(name, *place, score=score_of(item)))
    return entities, numbers


def _relations(
    record: Mapping[str, Any], numbers: Mapping[int, int], location: Location, report: Report
) -> Iterator[TextRelation]:
    count = len(list_in(record, "entities", location, Report()))
    for number, item in enumerate(list_in(record, "relations", location, report)):
        field = f"relations[{number}]"
        if not isinstance(item, Mapping):
            report.fault(location, field, short_repr(item), "an object with type, head and tail")
            continue
        name, usable = label_of(item.get("type"), location, f"{field}.type", report)
        ends = [_position(item.get(end), count, location, f"{field}.{end}", report) for end in ("head", "tail")]
        head, tail = (numbers.get(end) for end in ends)
        if usable and head is not None and tail is not None:
            yield TextRelation(name, head, tail, score=score_of(item))


def _position(value: object, count: int, location: Location, field: str, report: Report) -> int:
    """A position in the list of entities; -1, and a fault, if there is none of this number."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < count:
        return value
    allowed = f"{integer(0, count - 1)}, a position in entities" if count else "absent, as there are no entities"
    report.fault(location, field, "nothing" if value is None else short_repr(value), allowed)
    return -1


def _record(given: AnnotatedText, unit: str, report: Report) -> dict[str, Any]:
    text = plain_form(given, report, unlabelled=True)
    report.written.update(texts=1, entities=len(text.entities), relations=len(text.relations))
    offsets = Offsets(text.text, unit)
    return {
        **({} if text.id is None else {"id": text.id}),
        "text": text.text,
        "entities": [
            {"type": entity.type, **places_of(entity, number, text, offsets, report), **_scored(entity.score)}
            for number, entity in enumerate(text.entities)
        ],
        "relations": [
            {"type": relation.type, "head": relation.head, "tail": relation.tail, **_scored(relation.score)}
            for relation in text.relations
        ],
        **{name: value for name, value in text.extra.items() if name not in _OWN},
    }


def _scored(score: float | None) -> dict[str, float]:
    return {} if score is None else {"score": score}
