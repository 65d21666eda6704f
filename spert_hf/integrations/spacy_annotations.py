"""Where entities and relations stand in spaCy's docs: in a group of `doc.spans`, relations by the ids of its spans.

The group's attributes are what `Doc.to_bytes` and `DocBin` keep in any case, and copies of docs do, too; objects, such
as spans, could not be kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from spacy.tokens import Doc, Span, SpanGroup

from ..model.messages import must_be

RELATIONS = "relations"
"""The attribute of a group with its relations: lists of the head's id, the tail's id and the label."""

RELATION_SCORES = "relation_scores"
"""The attribute of a group with the scores of its relations, in their order."""

SCORES = "scores"
"""The attribute of a group with the scores of its spans, in their order, as spaCy's span categorizer has it."""

EXPANDED = "expanded"
"""The attribute of a group with the number of its spans that were widened to whole tokens."""


class Relation(NamedTuple):
    """A relation between two spans of a doc; `score` is the model's, or `None` where a person set the relation."""

    head: Span
    tail: Span
    label: str
    score: float | None = None


def relations_of(doc: Doc, spans_key: str | None = None) -> list[Relation]:
    """Return the relations of a doc; the same as `doc._.relations`.

    Args:
        doc: The doc.
        spans_key: The group of `doc.spans` whose relations are wanted. Default: all groups.

    Returns:
        The relations, in their order. One whose head or tail has been removed from the group is left out.
    """
    names = doc.spans if spans_key is None else [name for name in (spans_key,) if name in doc.spans]
    return [relation for name in names for relation in _relations_in(doc.spans[name])]


def relations_with(span: Span) -> list[Relation]:
    """Return the relations that a span is head or tail of; the same as `span._.relations`.

    Args:
        span: A span with the tokens and the label of the head or tail; any label if it has none.
    """
    groups = span.doc.spans.values()
    return [each for group in groups for each in _relations_in(group, span) if _is_end(span, each)]


def set_relations(doc: Doc, relations: Iterable[Sequence[Any]], spans_key: str = "spert") -> None:
    """Set the relations of a group of `doc.spans`, such as those that a person annotated.

    Heads and tails that are not in the group are added to it.

    Args:
        doc: The doc.
        relations: `(head, tail, label)` or `(head, tail, label, score)`; head and tail are spans of the doc.
        spans_key: The group.

    Raises:
        ValueError: An item is something else.
    """
    wanted = [_checked(doc, item, number) for number, item in enumerate(relations)]
    old = doc.spans.get(spans_key, [])
    spans = {_place(span): span for each in wanted for span in (each.head, each.tail)}
    spans = {**{_place(span): span for span in old}, **spans}
    numbers = {place: number for number, place in enumerate(spans)}
    triples = [(numbers[_place(each.head)], numbers[_place(each.tail)], each.label) for each in wanted]
    group = _make_group(doc, spans_key, spans, triples)
    if len(spans) == len(old):  # else scores are for the spans before
        group.attrs.update({name: value for name, value in getattr(old, "attrs", {}).items() if name != RELATIONS})
    group.attrs[RELATION_SCORES] = [each.score for each in wanted]
    doc.spans[spans_key] = group


def set_found(doc: Doc, spans_key: str, results: Iterable[tuple[int, Mapping[str, Any]]]) -> SpanGroup:
    """Set a group of `doc.spans` to what a model found.

    Args:
        doc: The doc.
        spans_key: The group.
        results: Results of the pipeline, each with the position of the first token of what it is of.

    Returns:
        The group.
    """
    places: list[tuple[int, int, str]] = []
    relations: list[tuple[int, int, str]] = []
    scores: dict[str, list[float | None]] = {SCORES: [], RELATION_SCORES: []}
    expanded = 0
    for first, result in results:
        before = len(places)
        for entity in result["entities"]:
            start, end, is_wider = _tokens_of(doc, first, entity)
            places.append((start, end, entity["type"]))
            scores[SCORES].append(entity["score"])
            expanded += is_wider
        for each in result["relations"]:
            relations.append((before + each["head"], before + each["tail"], each["type"]))
            scores[RELATION_SCORES].append(each["score"])
    group = _make_group(doc, spans_key, places, relations)
    group.attrs.update({**scores, EXPANDED: expanded})
    doc.spans[spans_key] = group
    return group


def add_best_ents(doc: Doc, spans: Iterable[Span], scores: Iterable[float]) -> None:
    """Add to `doc.ents` those spans that overlap neither entities there nor spans with higher scores.

    Tokens that were set as blocked take no entity and stay so.

    Args:
        doc: The doc.
        spans: The spans.
        scores: Their scores.
    """
    taken = [token.ent_iob_ in ("B", "I") for token in doc]  # blocked tokens are B without a type
    blocked = [doc[token.i : token.i + 1] for token in doc if taken[token.i] and not token.ent_type]
    chosen = [*doc.ents]
    ranked = sorted(zip(spans, scores, strict=True), key=lambda pair: (-pair[1], -len(pair[0]), pair[0].start))
    for span, _ in ranked:
        if not any(taken[span.start : span.end]):
            taken[span.start : span.end] = [True] * len(span)
            chosen.append(span)  # with its id, without which it would not equal the head or tail of a relation
    doc.set_ents(chosen, blocked=blocked, default="outside")


def add_extensions(name: str) -> None:
    """Register `doc._.relations` and `span._.relations`.

    Args:
        name: What they are called in place of `relations`.

    Raises:
        ValueError: Another component has registered attributes of this name.
    """
    getters: tuple[tuple[Any, Any], ...] = ((Doc, relations_of), (Span, relations_with))
    for owner, getter in getters:
        if owner.has_extension(name):
            known = owner.get_extension(name)[2]
            if getattr(known, "__qualname__", None) != getter.__qualname__:
                given = f"{name!r}, which another component has registered for {owner.__name__}"
                raise ValueError(must_be("attribute", "the name of an attribute that is free", given))
        else:
            owner.set_extension(name, getter=getter)


def _make_group(
    doc: Doc, name: str, places: Iterable[tuple[int, int, str]], relations: Iterable[tuple[int, int, str]]
) -> SpanGroup:
    """Make a group of spans with relations.

    Args:
        doc: The doc.
        name: The group's name.
        places: First token, the one after the last, and label of each span.
        relations: Position of the head's span, position of the tail's, and label of each relation.
    """
    # The name is in the ids, as other groups have spans with ids, too.
    spans = [Span(doc, *place, span_id=f"{name}-{number}") for number, place in enumerate(places)]
    triples = [[spans[head].id_, spans[tail].id_, label] for head, tail, label in relations]
    return SpanGroup(doc, name=name, spans=spans, attrs={RELATIONS: triples})


def _tokens_of(doc: Doc, first: int, entity: Mapping[str, Any]) -> tuple[int, int, bool]:
    """The tokens of an entity, from the first one to the one after the last, and whether they are more than it is."""
    if "start" not in entity:
        return first + entity["token_start"], first + entity["token_end"], False
    span: Any = doc.char_span(entity["start"], entity["end"], alignment_mode="expand")
    return span.start, span.end, (span.start_char, span.end_char) != (entity["start"], entity["end"])


def _relations_in(group: SpanGroup, end: Span | None = None) -> list[Relation]:
    """The relations of a group; with an end, those that it may have by its id."""
    triples = group.attrs.get(RELATIONS)
    if not isinstance(triples, (list, tuple)):
        return []
    scores: Any = group.attrs.get(RELATION_SCORES)
    if not isinstance(scores, (list, tuple)) or len(scores) != len(triples):
        scores = [None] * len(triples)
    rows = [(*triple, score) for triple, score in zip(triples, scores, strict=True)]
    if end is not None and end.id_:
        own = _spans_by_id(group, {end.id_}).get(end.id_)
        if own is not None and _place(own) == _place(end):  # not of a group that was there before
            rows = [row for row in rows if end.id_ in row[:2]]
    spans = _spans_by_id(group, {identifier for row in rows for identifier in row[:2]})
    return [
        Relation(spans[head], spans[tail], label, score)
        for head, tail, label, score in rows
        if head in spans and tail in spans
    ]


def _spans_by_id(group: SpanGroup, wanted: set[str]) -> dict[str, Span]:
    """The spans with some ids, mostly without a look at all others: ids end with the position that a span had."""
    spans = {}
    for identifier in wanted:
        position = identifier.rpartition("-")[2]
        if position.isdecimal() and int(position) < len(group) and (span := group[int(position)]).id_ == identifier:
            spans[identifier] = span
    return spans if len(spans) == len(wanted) else {span.id_: span for span in group}


def _checked(doc: Doc, item: Any, number: int) -> Relation:
    allowed = "(head, tail, label) with spans of the doc, and perhaps a score"
    if not isinstance(item, (list, tuple)) or len(item) not in (3, 4):
        raise ValueError(must_be(f"relations[{number}]", allowed, repr(item)[:80]))
    relation = Relation(*item)
    ends_are_spans = all(isinstance(end, Span) and end.doc is doc for end in relation[:2])
    if not ends_are_spans or not isinstance(relation.label, str):
        raise ValueError(must_be(f"relations[{number}]", allowed, repr(item)[:80]))
    return relation


def _place(span: Span) -> tuple[int, int, str]:
    return span.start, span.end, span.label_


def _is_end(span: Span, relation: Relation) -> bool:
    ends = (relation.head, relation.tail)
    return any((span.start, span.end) == (end.start, end.end) and span.label in (0, end.label) for end in ends)
