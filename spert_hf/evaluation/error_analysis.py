"""What is wrong with wrong predictions: each error of entities and of relations (REL+) has exactly one kind.

A false positive and a false negative that are near to each other are one error, a confusion, as in "Org taken for
Loc"; the others stand alone. The counts are the scorer's: errors with a prediction are its false positives, errors
with a gold item its false negatives.

Pairs are made one to one within a document, best first: by kind in the order of the enumerations below, within a kind
by overlap (tokens shared over tokens covered), then in text order. The order of the records plays no part.
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
    """Kinds of errors of entities, in order of precedence."""

    TYPE = "wrong type"
    """The right span with another type."""
    BOUNDARY = "wrong boundary"
    """The right type; the spans overlap."""
    BOUNDARY_AND_TYPE = "wrong boundary and type"
    """The spans overlap, and that is all."""
    REPEATED = "repeated mention"
    """A prediction that overlaps only gold entities which are found, or paired with another prediction, already."""
    SPURIOUS = "spurious"
    """A prediction that overlaps no gold entity."""
    MISSED = "missed"
    """A gold entity that no wrong prediction is left for."""


class RelationErrorKind(str, Enum):
    """Kinds of errors of relations, in order of precedence; an argument is right if its span and type are."""

    TYPE = "wrong type"
    """Another relation type between the right two arguments, in whatever direction."""
    DIRECTION = "wrong direction"
    """The right type between the right arguments, with head and tail exchanged; never a symmetric type."""
    ARGUMENT_SPAN = "boundary or type of argument"
    """The right type; each argument is right or overlaps the right one: span or entity type is wrong."""
    OTHER_ARGUMENT = "other argument"
    """The right type and one right argument; the other one is another mention altogether."""
    SPURIOUS_ARGUMENT = "spurious, argument wrong"
    """A prediction that no gold relation is left for, with an argument that is not a gold entity."""
    SPURIOUS = "spurious, arguments right"
    """A prediction that no gold relation is left for, between two gold entities."""
    MISSED_ARGUMENT = "missed, argument not found"
    """A gold relation that no wrong prediction is left for, with an argument that is not a predicted entity."""
    MISSED = "missed, arguments found"
    """A gold relation that no wrong prediction is left for, between two predicted entities."""


ErrorKind = EntityErrorKind | RelationErrorKind
Kind = TypeVar("Kind", EntityErrorKind, RelationErrorKind)

ERROR_KINDS: dict[str, type[ErrorKind]] = {"ner": EntityErrorKind, "rel_plus": RelationErrorKind}
"""Kinds of errors by task; tasks are named as in `EvaluationResult`."""


@dataclass(frozen=True)
class ItemError(Generic[Item]):
    """One error: a gold item that was not found, a prediction that is wrong, or both in one.

    `document` counts from 0. `score` is the prediction's, where it has one.
    """

    document: int
    kind: ErrorKind
    gold: Item | None
    predicted: Item | None
    score: float | None

    @property
    def task(self) -> str:
        """The task whose error it is."""
        return next(task for task, kinds in ERROR_KINDS.items() if isinstance(self.kind, kinds))

    @property
    def types(self) -> tuple[str | None, str | None]:
        """Type of the gold item and of the prediction; for relations, relation types."""
        return (None if self.gold is None else self.gold[2], None if self.predicted is None else self.predicted[2])


@dataclass(frozen=True)
class KindCount:
    """Errors of one kind: how many, their share of all errors of the task in percent, and by types.

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
    """All errors in a set of documents, by task (`ner`, `rel_plus`), in the documents' order.

    `tokens` are the documents', where they have any; `symmetric` names the symmetric relation types.
    """

    errors: dict[str, list[ItemError[Any]]]
    tokens: list[Sequence[str]]
    symmetric: frozenset[str]

    def counts(self, task: str) -> list[KindCount]:
        """Return the counts of a task's kinds of errors, all of them, in order of precedence."""
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
        documents: annotated documents; without `tokens` no sentence can be quoted.
        predictions: one record per document, in the same order; entities and relations may carry a `score`.
        no_overlapping: as for `score_documents`.
        symmetric_relation_types: as for `score_documents`.

    Raises:
        ValueError: as for `score_documents`.
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
    """Pair what is near; a prediction that stands alone is of the kind `spurious` says, a gold item of `missed`."""
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
    """Return every (kind, gold item, prediction) that could be a pair, the best first."""
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
    """Return what puts a kind and an overlap in order, the best first."""
    kind, overlap = verdict
    return list(type(kind)).index(kind), -overlap


def _near_entity(gold: Entity, predicted: Entity) -> tuple[EntityErrorKind, float] | None:
    """Return the kind of confusion and the overlap of two entities, or nothing if they share no token."""
    overlap = _overlap(gold, predicted)
    if not overlap:
        return None
    if gold[:2] == predicted[:2]:
        return EntityErrorKind.TYPE, overlap
    return (EntityErrorKind.BOUNDARY if gold[2] == predicted[2] else EntityErrorKind.BOUNDARY_AND_TYPE), overlap


def _near_relation(
    gold: Relation, predicted: Relation, symmetric: frozenset[str]
) -> tuple[RelationErrorKind, float] | None:
    """Return the kind of confusion and the overlap of two relations, or nothing if they have too little in common."""
    arguments, name = gold[:2], gold[2]
    exchanged = gold[1::-1]
    if name != predicted[2]:
        if predicted[:2] not in (arguments, exchanged):
            return None
        return RelationErrorKind.TYPE, float(predicted[:2] == arguments)
    if predicted[:2] == exchanged:
        # Arguments of a symmetric relation are exchanged only where they start together, which the scorer leaves as is.
        return None if name in symmetric else (RelationErrorKind.DIRECTION, 1.0)
    # Which argument of a symmetric relation comes first, the wrong one may decide.
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
    """Return the tokens that two spans share over the tokens that they cover together."""
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
