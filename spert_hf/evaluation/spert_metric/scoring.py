"""Precision, recall and F1 of predicted entities and relations, as published with SpERT.

This is a single file that needs only the standard library: `evaluate` copies it next to the metric, where the package
may not be installed.

A record, gold or predicted, is a mapping ``{"entities": [{"type", "start", "end"}], "relations": [{"type", "head",
"tail"}]}``: ``start``/``end`` count tokens, end exclusive; ``head``/``tail`` are indices into the record's own
``entities``. Other fields are ignored, except ``tokens``, against which offsets are checked, and
``token_start``/``token_end``, which replace ``start``/``end`` in entities that have them (in the pipeline's results,
``start``/``end`` count characters).
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, SupportsIndex

Entity = tuple[int, int, str]
"""Start and end token (end exclusive), and entity type."""

Relation = tuple[Entity, Entity, str]
"""Head, tail, and relation type."""


@dataclass(frozen=True)
class Score:
    """Precision, recall and F1 in percent (0 where undefined), and the counts behind them.

    A macro average has the total counts of all its types.
    """

    precision: float
    recall: float
    f1: float
    tp: int
    fp: int
    fn: int

    @property
    def support(self) -> int:
        """Number of gold items."""
        return self.tp + self.fn

    def to_dict(self) -> dict[str, float]:
        """Return the figures, counts and support by name."""
        return {**asdict(self), "support": self.support}


@dataclass(frozen=True)
class TaskScores:
    """The scores of a task: over all items (micro), averaged over types (macro), and by type, sorted by name."""

    micro: Score
    macro: Score
    per_type: dict[str, Score]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as nested plain dicts."""
        per_type = {name: score.to_dict() for name, score in self.per_type.items()}
        return {"micro": self.micro.to_dict(), "macro": self.macro.to_dict(), "per_type": per_type}


@dataclass(frozen=True, repr=False)
class EvaluationResult:
    """The scores of a list of documents; printing them shows micro F1 in percent.

    `ner`: an entity's span and type have to be right. `rel`: both spans and the type of a relation have to be right.
    `rel_plus` (REL+): the types of both entities, too.
    """

    ner: TaskScores
    rel: TaskScores
    rel_plus: TaskScores
    documents: int
    no_overlapping: bool

    def __repr__(self) -> str:
        ner, rel, rel_plus = (f"{scores.micro.f1:.2f}" for scores in self.tasks.values())
        return f"EvaluationResult(NER F1 {ner}, REL F1 {rel}, REL+ F1 {rel_plus} on {self.documents} documents)"

    @property
    def tasks(self) -> dict[str, TaskScores]:
        """The scores by task."""
        return {"ner": self.ner, "rel": self.rel, "rel_plus": self.rel_plus}

    def to_dict(self) -> dict[str, Any]:
        """Return everything as nested plain dicts; the tasks' keys are ``ner``, ``rel`` and ``rel_plus``."""
        tasks = {task: scores.to_dict() for task, scores in self.tasks.items()}
        return {**tasks, "documents": self.documents, "no_overlapping": self.no_overlapping}

    def to_flat_dict(self) -> dict[str, float]:
        """Return the averages as ``{task}_{figure}`` (micro) and ``{task}_macro_{figure}``, in percent."""
        flat = {}
        for task, scores in self.tasks.items():
            for prefix, score in ((task, scores.micro), (f"{task}_macro", scores.macro)):
                flat[f"{prefix}_precision"] = score.precision
                flat[f"{prefix}_recall"] = score.recall
                flat[f"{prefix}_f1"] = score.f1
        return flat


def score_documents(
    documents: Iterable[Mapping[str, Any]],
    predictions: Iterable[Mapping[str, Any]],
    *,
    no_overlapping: bool = False,
    symmetric_relation_types: Iterable[str] = (),
) -> EvaluationResult:
    """Score predictions against annotated documents, as the published SpERT code does.

    Items are counted per document as sets, so that duplicates count once. Macro averages are over the types that occur
    in annotations or predictions.

    Args:
        documents: annotated documents (records as described in this module's docstring).
        predictions: one record per document, in the same order.
        no_overlapping: whether to leave out, in annotations and predictions, entities that overlap another one and
            relations whose head and tail overlap (see `drop_overlapping`).
        symmetric_relation_types: names of the symmetric relation types, for which the argument that starts first counts
            as the head, in annotations and predictions.

    Raises:
        ValueError: if the lengths differ, an argument has a wrong type, or a record is malformed; the message names the
            record and the field.
    """
    check_flag("no_overlapping", no_overlapping)
    symmetric = symmetric_names(symmetric_relation_types)
    counts = Counts()
    pairs = pair_records(documents, predictions)
    for index, (document, prediction) in enumerate(pairs):
        tokens = document.get("tokens") if isinstance(document, Mapping) else None
        gold = read_record(document, f"documents[{index}]", symmetric=symmetric)
        predicted = read_record(prediction, f"predictions[{index}]", symmetric=symmetric, tokens=tokens)
        if no_overlapping:
            gold, predicted = drop_overlapping(*gold), drop_overlapping(*predicted)
        counts.documents += 1
        counts.tasks["ner"].add(set(gold[0]), set(predicted[0]))
        counts.tasks["rel"].add(set(map(without_entity_types, gold[1])), set(map(without_entity_types, predicted[1])))
        counts.tasks["rel_plus"].add(set(gold[1]), set(predicted[1]))
    return counts.result(no_overlapping)


class TaskCounts:
    """Numbers of right, spurious and missed items of a task, by type; types without any are left out."""

    def __init__(self) -> None:
        self.tp: Counter[str] = Counter()
        self.fp: Counter[str] = Counter()
        self.fn: Counter[str] = Counter()

    def add(self, gold: set, predicted: set) -> None:
        """Count the items of a document; an item's type is its last field."""
        self.tp.update(item[-1] for item in gold & predicted)
        self.fp.update(item[-1] for item in predicted - gold)
        self.fn.update(item[-1] for item in gold - predicted)

    def update(self, other: TaskCounts) -> None:
        """Add the counts of other documents."""
        self.tp.update(other.tp)
        self.fp.update(other.fp)
        self.fn.update(other.fn)

    def scores(self) -> TaskScores:
        """Return the scores of the counts."""
        types = sorted({*self.tp, *self.fp, *self.fn})
        per_type = {name: score_of_counts(self.tp[name], self.fp[name], self.fn[name]) for name in types}
        micro = score_of_counts(self.tp.total(), self.fp.total(), self.fn.total())
        return TaskScores(micro=micro, macro=_macro(micro, list(per_type.values())), per_type=per_type)


class Counts:
    """Numbers of right, spurious and missed items of some documents, by task; they can be added up and scored."""

    def __init__(self) -> None:
        self.documents = 0
        self.tasks = {"ner": TaskCounts(), "rel": TaskCounts(), "rel_plus": TaskCounts()}

    @classmethod
    def together(cls, parts: Iterable[Counts]) -> Counts:
        """Add up the counts of different documents."""
        whole = cls()
        for part in parts:
            whole.documents += part.documents
            for task, counts in whole.tasks.items():
                counts.update(part.tasks[task])
        return whole

    def result(self, no_overlapping: bool) -> EvaluationResult:
        """Return the scores; `no_overlapping` is the setting that the counts were made with."""
        scores = {task: counts.scores() for task, counts in self.tasks.items()}
        return EvaluationResult(**scores, documents=self.documents, no_overlapping=no_overlapping)


def score_of_counts(tp: int, fp: int, fn: int) -> Score:
    """Return the score for numbers of right (`tp`), spurious (`fp`) and missed items (`fn`)."""
    return Score(
        precision=_percent(tp, tp + fp),
        recall=_percent(tp, tp + fn),
        f1=_percent(2 * tp, 2 * tp + fp + fn),
        tp=tp,
        fp=fp,
        fn=fn,
    )


def _macro(totals: Score, scores: Sequence[Score]) -> Score:
    """Return the average over types; its F1 is the mean of the types' F1, not the F1 of the means."""
    count = max(len(scores), 1)
    return Score(
        precision=sum(score.precision for score in scores) / count,
        recall=sum(score.recall for score in scores) / count,
        f1=sum(score.f1 for score in scores) / count,
        tp=totals.tp,
        fp=totals.fp,
        fn=totals.fn,
    )


def _percent(part: int, whole: int) -> float:
    return 100.0 * part / whole if whole else 0.0


def without_entity_types(relation: Relation) -> tuple[tuple[int, int], tuple[int, int], str]:
    """Return what REL compares: the two spans and the relation type."""
    (head_start, head_end, _), (tail_start, tail_end, _), relation_type = relation
    return (head_start, head_end), (tail_start, tail_end), relation_type


def drop_overlapping(entities: Sequence[Entity], relations: Sequence[Relation]) -> tuple[list[Entity], list[Relation]]:
    """Return the entities that overlap no other, and the relations whose head and tail do not overlap.

    This follows the published code exactly: duplicates (same span and type) do not overlap, two types on one span do;
    all entities of an overlap are dropped, not all but one; a relation is kept even if its head or tail is dropped, or
    if it relates an entity to itself.
    """
    overlapping = _overlapping(entities)
    kept = [entity for entity in entities if entity not in overlapping]
    return kept, [relation for relation in relations if not _overlap(relation[0], relation[1])]


def _overlapping(entities: Sequence[Entity]) -> set[Entity]:
    """Return the entities that share a token with another, in O(n log n)."""
    ordered = sorted(set(entities))
    found = set()
    reach = 0  # largest end of all entities before this one
    for index, entity in enumerate(ordered):
        start, end, _ = entity
        next_start = ordered[index + 1][0] if index + 1 < len(ordered) else end
        if reach > start or next_start < end:
            found.add(entity)
        reach = max(reach, end)
    return found


def _overlap(first: Entity, second: Entity) -> bool:
    return first != second and first[0] < second[1] and second[0] < first[1]


def symmetric_names(names: Iterable[str]) -> frozenset[str]:
    """Return the names of symmetric relation types as a set.

    Raises:
        ValueError: if `names` is a single string, or contains something that is not a string.
    """
    # A string is an iterable of strings, too: its letters would be taken for names.
    listed = None if isinstance(names, str) or not isinstance(names, Iterable) else list(names)
    if listed is None or not all(isinstance(name, str) for name in listed):
        raise ValueError(f"symmetric_relation_types must be a list of names of relation types, got {names!r}")
    return frozenset(listed)


def check_flag(name: str, value: object) -> None:
    """Check that an argument is True or False, since any string, even ``"no"``, would count as True.

    Raises:
        ValueError: if it is neither.
    """
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be True or False, got {value!r}")


def pair_records(
    documents: Iterable[Any], predictions: Iterable[Any], name: str = "documents"
) -> list[tuple[Any, Any]]:
    """Return (document, prediction) pairs; error messages call the documents `name`.

    Raises:
        ValueError: if one of the two is not a list of records, or the lengths differ.
    """
    for side, records in ((name, documents), ("predictions", predictions)):
        if isinstance(records, (str, bytes, Mapping)) or not isinstance(records, Iterable):
            raise ValueError(f"{side} must be a list of records, got {type(records).__name__}")
    documents, predictions = list(documents), list(predictions)
    if len(documents) != len(predictions):
        raise ValueError(
            f"predictions and {name} must have the same length, one record per document: "
            f"got {len(predictions)} predictions and {len(documents)} {name}"
        )
    return list(zip(documents, predictions, strict=True))


def read_record(
    record: Any, where: str, *, symmetric: frozenset[str] = frozenset(), tokens: Sequence[str] | None = None
) -> tuple[list[Entity], list[Relation]]:
    """Check a record and return its entities and relations as tuples, in the record's order.

    Args:
        record: the gold or predicted record.
        where: the record's name in error messages.
        symmetric: relation types whose head and tail are put in text order.
        tokens: the document's tokens, if known, which the record's own have to equal.

    Raises:
        ValueError: if a field is missing or not allowed; the message names the record, the field and the value.
    """
    if not isinstance(record, Mapping):
        raise ValueError(f"{where} must be a mapping with 'entities' and 'relations', got {_shown(record)}")
    limit = _token_count(record, where, tokens)
    entities = [
        _read_entity(entity, f"{where}.entities[{index}]", limit)
        for index, entity in enumerate(_items(record, "entities", where))
    ]
    relations = [
        _read_relation(relation, f"{where}.relations[{index}]", entities, symmetric)
        for index, relation in enumerate(_items(record, "relations", where))
    ]
    return entities, relations


def _token_count(record: Mapping[str, Any], where: str, tokens: Sequence[str] | None) -> int | None:
    """Return the number of tokens, if known; raise an error for the tokens of another document."""
    own = record.get("tokens")
    if own is not None and (isinstance(own, (str, bytes, Mapping)) or not hasattr(own, "__len__")):
        raise ValueError(f"{where}.tokens must be a list of words, got {_shown(own)}")
    if own is None or tokens is None:
        known = tokens if own is None else own
        return None if known is None else len(known)
    if list(own) != list(tokens):
        raise ValueError(
            f"{where}.tokens must be the document's tokens (are the predictions in the documents' order?): "
            f"got {_shown(own)}, the document has {_shown(tokens)}"
        )
    return len(tokens)


def _items(record: Mapping[str, Any], field: str, where: str) -> Sequence[Any]:
    items = record.get(field)
    if not isinstance(items, Sequence) or isinstance(items, (str, bytes)):
        given = _shown(items) if field in record else f"only the fields {sorted(map(str, record))}"
        raise ValueError(f"{where}.{field} must be a list of mappings (it may be empty), got {given}")
    return items


def _read_entity(entity: Any, where: str, limit: int | None) -> Entity:
    if not isinstance(entity, Mapping):
        raise ValueError(f"{where} must be a mapping with 'type', 'start' and 'end', got {_shown(entity)}")
    # In the pipeline's results, start and end count characters.
    prefix = "token_" if "token_start" in entity else ""
    start = _integer(entity, f"{prefix}start", where)
    end = _integer(entity, f"{prefix}end", where)
    if not 0 <= start < end or (limit is not None and end > limit):
        bound = "" if limit is None else f" <= {limit} (the number of tokens)"
        raise ValueError(
            f"{where}: token offsets must satisfy 0 <= {prefix}start < {prefix}end{bound}, "
            f"got {prefix}start={start}, {prefix}end={end}"
        )
    return start, end, _type_name(entity, where)


def _read_relation(relation: Any, where: str, entities: Sequence[Entity], symmetric: frozenset[str]) -> Relation:
    if not isinstance(relation, Mapping):
        raise ValueError(f"{where} must be a mapping with 'type', 'head' and 'tail', got {_shown(relation)}")
    head, tail = (_argument(relation, role, where, entities) for role in ("head", "tail"))
    relation_type = _type_name(relation, where)
    if relation_type in symmetric and tail[0] < head[0]:
        head, tail = tail, head
    return head, tail, relation_type


def _argument(relation: Mapping[str, Any], role: str, where: str, entities: Sequence[Entity]) -> Entity:
    index = _integer(relation, role, where)
    if not 0 <= index < len(entities):
        raise ValueError(
            f"{where}.{role} must be an index into the record's {len(entities)} entities (from 0), got {index}"
        )
    return entities[index]


def _integer(item: Mapping[str, Any], field: str, where: str) -> int:
    value = item.get(field)
    if isinstance(value, bool) or not isinstance(value, SupportsIndex):
        raise ValueError(f"{where}.{field} must be an integer, got {_given(item, field)}")
    return operator.index(value)


def _type_name(item: Mapping[str, Any], where: str) -> str:
    value = item.get("type")
    if not isinstance(value, str):
        raise ValueError(f"{where}.type must be a string, got {_given(item, 'type')}")
    return value


def _given(item: Mapping[str, Any], field: str) -> str:
    return _shown(item[field]) if field in item else f"only the fields {sorted(map(str, item))}"


def _shown(value: Any) -> str:
    """Return a value for an error message, truncated if it is long."""
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
