"""Annotated texts as the plainer formats hold them: a mention has one label and one place, a relation one direction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from .annotated_text import AnnotatedText, TextEntity, TextRelation
from .offsets import Offsets
from .report import Report


def plain_form(text: AnnotatedText, report: Report, unlabelled: bool = False, repeated: bool = True) -> AnnotatedText:
    """A text with what a plain format can hold of its annotations; what it can't is counted.

    Counts what was read, left out, changed and added; what is written of it is the caller's to count.

    Args:
        text: The text.
        report: Takes the counts.
        unlabelled: Whether the format holds mentions and relations without a label.
        repeated: Whether it holds mentions with the same place and label more than once.

    Returns:
        A copy whose relations have positions in its own entities.
    """
    report.read("texts")
    report.read("entities", len(text.entities))
    report.read("relations", len(text.relations))
    entities, positions = _entities(text, report, unlabelled, repeated)
    relations = [*_relations(text, positions, report, unlabelled)]
    return replace(text, entities=entities, relations=relations)


def leave_out_text(text: AnnotatedText, reason: str, report: Report) -> None:
    """Count a text in [`plain_form`], and all of its annotations, as left out."""
    for kind, count in (("texts", 1), ("entities", len(text.entities)), ("relations", len(text.relations))):
        report.leave_out(kind, reason, text.source, count=count)


def places_of(
    entity: TextEntity,
    number: int,
    text: AnnotatedText,
    offsets: Offsets,
    report: Report,
    names: tuple[str, str] = ("start", "end"),
) -> dict[str, int]:
    """A mention's start and end in a file's unit, widened to whole ones where it cuts one; this is counted.

    Args:
        entity: The mention.
        number: Its position in the text.
        text: The text.
        offsets: Of the text, in the unit.
        report: Takes the count.
        names: What the file calls start and end.
    """
    start, end = (offsets.from_code_points(place) for place in (entity.start, entity.end))
    if offsets.to_code_points(start) != entity.start:
        start -= 1
    if (offsets.to_code_points(start), offsets.to_code_points(end)) != (entity.start, entity.end):
        what = "begins or ends inside what is counted as one character: widened to whole ones"
        report.change("entities", what, text.source, f"entities[{number}]")
    return dict(zip(names, (start, end), strict=True))


def _entities(
    text: AnnotatedText, report: Report, unlabelled: bool, repeated: bool
) -> tuple[list[TextEntity], dict[int, int]]:
    """The mentions, and for each that the text has and that is kept, the position of what it has become."""
    entities: list[TextEntity] = []
    positions: dict[int, int] = {}
    first: dict[tuple[str | None, int, int], int] = {}
    for number, entity in enumerate(text.entities):
        field = f"entities[{number}]"
        key = (entity.type, entity.start, entity.end)
        if not 0 <= entity.start < entity.end <= len(text.text):
            report.leave_out("entities", "no such place in the text", text.source, field)
        elif entity.type is None and not unlabelled:
            report.leave_out("entities", "no label", text.source, field)
        else:
            if repeated or key not in first:
                first[key] = len(entities)
                entities.append(_plain(text, entity, field, report))
            else:
                report.leave_out("entities", "the same as another", text.source, field)
            positions[number] = first[key]
            for name in dict.fromkeys(entity.more_types):
                if repeated or (name, *key[1:]) not in first:
                    first[name, entity.start, entity.end] = len(entities)
                    entities.append(TextEntity(name, entity.start, entity.end, score=entity.score))
                    report.add("entities", "several labels: a mention for each", text.source, field)
    return entities, positions


def _plain(text: AnnotatedText, entity: TextEntity, field: str, report: Report) -> TextEntity:
    if entity.fragments:
        what = "in several parts: what lies between them is in the mention, too"
        report.change("entities", what, text.source, field)
    return TextEntity(entity.type, entity.start, entity.end, score=entity.score)


def _relations(
    text: AnnotatedText, positions: dict[int, int], report: Report, unlabelled: bool
) -> Iterator[TextRelation]:
    for number, relation in enumerate(text.relations):
        field = f"relations[{number}]"
        head, tail = positions.get(relation.head), positions.get(relation.tail)
        if head is None or tail is None:
            report.leave_out("relations", "of a mention that is left out", text.source, field)
        elif relation.type is None and not unlabelled:
            report.leave_out("relations", "no label", text.source, field)
        else:
            yield TextRelation(relation.type, head, tail, score=relation.score)
            if relation.both_ways:
                report.add("relations", "drawn both ways: one for each direction", text.source, field)
                yield TextRelation(relation.type, tail, head, score=relation.score)
