"""The comparison of a document's predictions with its annotation, item by item, for the reports."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic

from .mention_index import Item, MentionIndex
from .spert_metric.scoring import Entity, Relation, drop_overlapping, read_record, without_entity_types


class Status(str, Enum):
    """How an item counts: as a true positive, false negative or false positive, or not at all."""

    RIGHT = "right"
    MISSED = "missed"
    SPURIOUS = "spurious"
    LEFT_OUT = "left out"


@dataclass(frozen=True)
class ComparedItem(Generic[Item]):
    """An entity or relation of the annotation, the prediction or both.

    `score` is the prediction's score, if it has one. `note` says what a near miss has in common with an item of the
    other side (`error_analysis` pairs the two sides one to one). `in_gold` and `in_prediction` say where the item
    occurs, whether it is scored there or left out.
    """

    item: Item
    status: Status
    in_gold: bool
    in_prediction: bool
    score: float | None
    note: str


@dataclass(frozen=True)
class DocumentComparison:
    """All items of a document, each once, in text order; the status of relations is that in REL+."""

    entities: list[ComparedItem[Entity]]
    relations: list[ComparedItem[Relation]]

    def count(self, status: Status) -> int:
        """Return the number of entities and relations with a status."""
        statuses = [entity.status for entity in self.entities] + [relation.status for relation in self.relations]
        return statuses.count(status)


class _Side(Generic[Item]):
    """All items of the annotation or the prediction, and those of them that are scored."""

    def __init__(self, every: Collection[Item], scored: Collection[Item]) -> None:
        self.every: frozenset[Item] = frozenset(every)
        self.scored: frozenset[Item] = frozenset(scored)


def compare_document(
    document: Mapping[str, Any],
    prediction: Mapping[str, Any],
    *,
    no_overlapping: bool = False,
    symmetric: frozenset[str] = frozenset(),
    index: int = 0,
) -> DocumentComparison:
    """Find the right, missed and spurious entities and relations of a document.

    This counts what `score_documents` counts; what `no_overlapping` leaves out is listed as left out.

    Args:
        document: the annotated document.
        prediction: the predicted record; its entities and relations may have a `score`.
        no_overlapping: see `score_documents`.
        symmetric: names of the symmetric relation types.
        index: the document's index, for error messages.

    Raises:
        ValueError: if a record is malformed; the message names the record and the field.
    """
    gold = read_record(document, f"documents[{index}]", symmetric=symmetric)
    where = f"predictions[{index}]"
    predicted = read_record(prediction, where, symmetric=symmetric, tokens=document.get("tokens"))
    scored_gold = drop_overlapping(*gold) if no_overlapping else gold
    scored_predicted = drop_overlapping(*predicted) if no_overlapping else predicted
    return DocumentComparison(
        entities=_compare(
            _Side(gold[0], scored_gold[0]),
            _Side(predicted[0], scored_predicted[0]),
            _scores(predicted[0], prediction["entities"], f"{where}.entities"),
            _entity_note,
        ),
        relations=_compare(
            _Side(gold[1], scored_gold[1]),
            _Side(predicted[1], scored_predicted[1]),
            _scores(predicted[1], prediction["relations"], f"{where}.relations"),
            _relation_note,
        ),
    )


def _compare(
    gold: _Side[Item],
    predicted: _Side[Item],
    scores: Mapping[Item, float],
    near_miss: Callable[[Item, Collection[Item]], str],
) -> list[ComparedItem[Item]]:
    near_gold, near_predicted = MentionIndex(gold.scored), MentionIndex(predicted.scored)
    compared = []
    for item in sorted(gold.every | predicted.every):
        status = _status(item in gold.scored, item in predicted.scored)
        in_gold, in_prediction = item in gold.every, item in predicted.every
        if status is Status.RIGHT:
            note = ""
        elif status is Status.MISSED:
            note = (
                "predicted, but overlaps another" if in_prediction else near_miss(item, near_predicted.touching(item))
            )
        elif status is Status.SPURIOUS:
            note = "in gold, but overlaps another" if in_gold else near_miss(item, near_gold.touching(item))
        else:
            note = " and ".join(["in gold"] * in_gold + ["predicted"] * in_prediction)
        compared.append(ComparedItem(item, status, in_gold, in_prediction, scores.get(item), note))
    return compared


def _status(in_gold: bool, in_prediction: bool) -> Status:
    if in_gold:
        return Status.RIGHT if in_prediction else Status.MISSED
    return Status.SPURIOUS if in_prediction else Status.LEFT_OUT


def _entity_note(entity: Entity, others: Collection[Entity]) -> str:
    """Return a note on what an entity without a match has in common with one of the other side."""
    start, end, name = entity
    if types := sorted(other[2] for other in others if other[:2] == (start, end)):
        return f"same span is {', '.join(types)}"
    if any(other[2] == name and other[0] < end and start < other[1] for other in others):
        return "type right, span differs"
    return ""


def _relation_note(relation: Relation, others: Collection[Relation]) -> str:
    """Return a note on what a relation without a match has in common with one of the other side."""
    head, tail, name = without_entity_types(relation)
    untyped = [without_entity_types(other) for other in others]
    if (head, tail, name) in untyped:
        return "entity types differ: right in REL, not in REL+"
    if (tail, head, name) in untyped:
        return "direction differs"
    if types := sorted({other[2] for other in untyped if other[:2] == (head, tail)}):
        return f"same spans are {', '.join(types)}"
    return ""


def _scores(items: Sequence[Item], records: Sequence[Mapping[str, Any]], where: str) -> dict[Item, float]:
    """Return the score of each item that has one; that of the first among duplicates, as in decoding."""
    scores: dict[Item, float] = {}
    for index, (item, record) in enumerate(zip(items, records, strict=True)):
        score = record.get("score")
        if score is None:
            continue
        try:
            scores.setdefault(item, float(score))
        except (TypeError, ValueError):
            raise ValueError(f"{where}[{index}].score must be a number, got {score!r}") from None
    return scores
