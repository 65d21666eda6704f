"""Error analysis: assigns exactly one kind to each error of entities and of relations (REL+).

A false positive and a false negative that are close to each other are one error, a confusion, as in "Org taken for
Loc"; all others are errors by themselves. The counts agree with the scorer's: errors with a prediction are its false
positives, errors with a gold item its false negatives.

Pairs are made one to one within a document, the best first: by kind in the order of the enumerations below, within a
kind by overlap (shared tokens over covered tokens), then in text order. The order of the records has no effect.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any, Generic, TypeVar

from .comparison import ComparedItem, DocumentComparison, Status, compare_document
from .mention_index import Item, MentionIndex
from .spert_metric.scoring import Entity, Relation, pair_records, symmetric_names


class EntityErrorKind(str, Enum):
    """Kinds of entity errors, in order of precedence."""

    TYPE = "wrong type"
    """The right span with a wrong type."""
    BOUNDARY = "wrong boundary"
    """The right type; the spans overlap."""
    BOUNDARY_AND_TYPE = "wrong boundary and type"
    """The spans overlap; the types differ."""
    REPEATED = "repeated mention"
    """A prediction that overlaps only gold entities that are found or paired with another prediction."""
    SPURIOUS = "spurious"
    """A prediction that overlaps no gold entity."""
    MISSED = "missed"
    """A gold entity without a wrong prediction to pair it with."""


class RelationErrorKind(str, Enum):
    """Kinds of relation errors, in order of precedence; an argument is right if its span and type are right."""

    TYPE = "wrong type"
    """A wrong relation type between the two right arguments, in either direction."""
    DIRECTION = "wrong direction"
    """The right type between the right arguments, with head and tail exchanged; not for symmetric types."""
    ARGUMENT_SPAN = "boundary or type of argument"
    """The right type; each argument is right or overlaps the right one, with a wrong span or entity type."""
    OTHER_ARGUMENT = "other argument"
    """The right type and one right argument; the other is a different mention."""
    SPURIOUS_ARGUMENT = "spurious, argument wrong"
    """A prediction without a gold relation to pair it with; one of its arguments is not a gold entity."""
    SPURIOUS = "spurious, arguments right"
    """A prediction without a gold relation to pair it with, between two gold entities."""
    MISSED_ARGUMENT = "missed, argument not found"
    """A gold relation without a wrong prediction to pair it with; one of its arguments is not a predicted entity."""
    MISSED = "missed, arguments found"
    """A gold relation without a wrong prediction to pair it with, between two predicted entities."""


ErrorKind = EntityErrorKind | RelationErrorKind
Kind = TypeVar("Kind", EntityErrorKind, RelationErrorKind)

ERROR_KINDS: dict[str, type[ErrorKind]] = {"ner": EntityErrorKind, "rel_plus": RelationErrorKind}
"""Kinds of errors by task, named as in `EvaluationResult`."""


@dataclass(frozen=True)
class ItemError(Generic[Item]):
    """An error: a gold item that was not found, a wrong prediction, or a pair of both.

    `document` is the document's index. `score` is the prediction's score, if it has one.
    """

    document: int
    kind: ErrorKind
    gold: Item | None
    predicted: Item | None
    score: float | None

    @property
    def task(self) -> str:
        """The task of the error."""
        return next(task for task, kinds in ERROR_KINDS.items() if isinstance(self.kind, kinds))

    @property
    def types(self) -> tuple[str | None, str | None]:
        """The (relation) types of the gold item and of the prediction."""
        return (None if self.gold is None else self.gold[2], None if self.predicted is None else self.predicted[2])


@dataclass(frozen=True)
class KindCount:
    """The number of errors of a kind, their share of the task's errors in percent, and their numbers by types.

    A confusion is one error, one false positive and one false negative. The keys of `by_types` are `ItemError.types`.
    """

    kind: ErrorKind
    count: int
    share: float
    false_positives: int
    false_negatives: int
    by_types: dict[tuple[str | None, str | None], int]


@dataclass(frozen=True)
class ErrorAnalysis:
    """All errors in a list of documents, by task (`ner`, `rel_plus`), in the documents' order.

    `tokens` are the documents' tokens, if they have any; `symmetric` has the names of the symmetric relation types.
    """

    errors: dict[str, list[ItemError[Any]]]
    tokens: list[Sequence[str]]
    symmetric: frozenset[str]

    def counts(self, task: str) -> list[KindCount]:
        """Return the counts of all kinds of errors of a task, in order of precedence."""
        errors = self.errors[task]
        return [
            _count(kind, [error for error in errors if error.kind is kind], len(errors)) for kind in ERROR_KINDS[task]
        ]


def analyse_errors(
    documents: Iterable[Mapping[str, Any]],
    predictions: Iterable[Mapping[str, Any]],
    *,
    no_overlapping: bool = False,
    symmetric_relation_types: Iterable[str] = (),
) -> ErrorAnalysis:
    """Find the kind of every error that `score_documents` counts, in NER and in REL+.

    Args:
        documents: annotated documents; those without `tokens` can't be quoted as examples.
        predictions: one record per document, in the same order; entities and relations may have a `score`.
        no_overlapping: see `score_documents`.
        symmetric_relation_types: see `score_documents`.

    Raises:
        ValueError: see `score_documents`.
    """
    symmetric = symmetric_names(symmetric_relation_types)
    errors: dict[str, list[ItemError[Any]]] = {task: [] for task in ERROR_KINDS}
    tokens = []
    for index, (document, prediction) in enumerate(pair_records(documents, predictions)):
        compared = compare_document(
            document, prediction, no_overlapping=no_overlapping, symmetric=symmetric, index=index
        )
        errors["ner"].extend(_entity_errors(compared, index))
        errors["rel_plus"].extend(_relation_errors(compared, index, symmetric))
        tokens.append(document.get("tokens") or ())
    return ErrorAnalysis(errors, tokens, symmetric)


def _entity_errors(compared: DocumentComparison, document: int) -> list[ItemError[Entity]]:
    gold = MentionIndex(entity.item for entity in compared.entities if entity.status in (Status.RIGHT, Status.MISSED))

    def spurious(entity: Entity) -> EntityErrorKind:
        return EntityErrorKind.REPEATED if gold.touching(entity) else EntityErrorKind.SPURIOUS

    return _errors(compared.entities, document, _near_entity, spurious, missed=lambda _: EntityErrorKind.MISSED)


def _relation_errors(
    compared: DocumentComparison, document: int, symmetric: frozenset[str]
) -> list[ItemError[Relation]]:
    gold = {entity.item for entity in compared.entities if entity.in_gold}
    predicted = {entity.item for entity in compared.entities if entity.in_prediction}

    def spurious(relation: Relation) -> RelationErrorKind:
        right = gold.issuperset(relation[:2])
        return RelationErrorKind.SPURIOUS if right else RelationErrorKind.SPURIOUS_ARGUMENT

    def missed(relation: Relation) -> RelationErrorKind:
        found = predicted.issuperset(relation[:2])
        return RelationErrorKind.MISSED if found else RelationErrorKind.MISSED_ARGUMENT

    near = partial(_near_relation, symmetric=symmetric)
    return _errors(compared.relations, document, near, spurious, missed)


def _errors(
    compared: Sequence[ComparedItem[Item]],
    document: int,
    near: Callable[[Item, Item], tuple[Kind, float] | None],
    spurious: Callable[[Item], Kind],
    missed: Callable[[Item], Kind],
) -> list[ItemError[Item]]:
    """Return the errors of compared items, after making pairs.

    Args:
        compared: the items of a document.
        document: the document's index.
        near: the kind and the overlap of a gold item and a prediction, or `None` if they can't be a pair.
        spurious: the kind of a prediction without a gold item.
        missed: the kind of a gold item without a prediction.
    """
    scores = {item.item: item.score for item in compared}
    gold = {item.item for item in compared if item.status is Status.MISSED}
    predicted = {item.item for item in compared if item.status is Status.SPURIOUS}
    errors = []
    for kind, expected, found in _near_pairs(gold, predicted, near):
        if expected in gold and found in predicted:
            gold.remove(expected)
            predicted.remove(found)
            errors.append(ItemError(document, kind, expected, found, scores[found]))
    errors.extend(ItemError(document, spurious(found), None, found, scores[found]) for found in sorted(predicted))
    errors.extend(ItemError(document, missed(expected), expected, None, None) for expected in sorted(gold))
    return errors


def _near_pairs(
    gold: Iterable[Item],
    predicted: Iterable[Item],
    near: Callable[[Item, Item], tuple[Kind, float] | None],
) -> list[tuple[Kind, Item, Item]]:
    """Return each (kind, gold item, prediction) that can be a pair, the best first."""
    index = MentionIndex(predicted)
    pairs = [
        (verdict, expected, found)
        for expected in gold
        for found in index.touching(expected)
        if (verdict := near(expected, found)) is not None
    ]
    pairs.sort(key=lambda pair: (_rank(pair[0]), pair[1], pair[2]))
    return [(kind, expected, found) for (kind, _), expected, found in pairs]


def _rank(verdict: tuple[ErrorKind, float]) -> tuple[int, float]:
    """Return the sort key of a kind and an overlap, which puts the best first."""
    kind, overlap = verdict
    return list(type(kind)).index(kind), -overlap


def _near_entity(gold: Entity, predicted: Entity) -> tuple[EntityErrorKind, float] | None:
    """Return the kind of confusion and the overlap of two entities, or `None` if they share no token."""
    overlap = _overlap(gold, predicted)
    if not overlap:
        return None
    if gold[:2] == predicted[:2]:
        return EntityErrorKind.TYPE, overlap
    return (EntityErrorKind.BOUNDARY if gold[2] == predicted[2] else EntityErrorKind.BOUNDARY_AND_TYPE), overlap


def _near_relation(
    gold: Relation, predicted: Relation, symmetric: frozenset[str]
) -> tuple[RelationErrorKind, float] | None:
    """Return the kind of confusion and the overlap of two relations, or `None` if they have too little in common."""
    arguments, name = gold[:2], gold[2]
    exchanged = gold[1::-1]
    if name != predicted[2]:
        if predicted[:2] not in (arguments, exchanged):
            return None
        return RelationErrorKind.TYPE, float(predicted[:2] == arguments)
    if predicted[:2] == exchanged:
        # The arguments of a symmetric relation are exchanged only if they start together, where the scorer keeps them.
        return None if name in symmetric else (RelationErrorKind.DIRECTION, 1.0)
    # In a symmetric relation, the wrong argument may decide which one comes first.
    orders = (arguments, exchanged) if name in symmetric else (arguments,)
    verdicts = filter(None, (_near_arguments(order, predicted[:2]) for order in orders))
    return min(verdicts, key=_rank, default=None)


def _near_arguments(gold: Sequence[Entity], predicted: Sequence[Entity]) -> tuple[RelationErrorKind, float] | None:
    overlaps = [_overlap(*pair) for pair in zip(gold, predicted, strict=True)]
    if all(overlaps):
        return RelationErrorKind.ARGUMENT_SPAN, sum(overlaps) / len(overlaps)
    if any(expected == found for expected, found in zip(gold, predicted, strict=True)):
        return RelationErrorKind.OTHER_ARGUMENT, 0.0
    return None


def _overlap(first: Entity, second: Entity) -> float:
    """Return the number of tokens that two spans share, divided by the number that they cover together."""
    shared = min(first[1], second[1]) - max(first[0], second[0])
    return max(shared, 0) / (max(first[1], second[1]) - min(first[0], second[0]))


def _count(kind: ErrorKind, errors: Sequence[ItemError[Any]], of_all: int) -> KindCount:
    return KindCount(
        kind=kind,
        count=len(errors),
        share=100 * len(errors) / of_all if of_all else 0.0,
        false_positives=sum(error.predicted is not None for error in errors),
        false_negatives=sum(error.gold is not None for error in errors),
        by_types=dict(Counter(error.types for error in errors)),
    )
