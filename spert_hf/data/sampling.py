"""Training candidates of a sentence: its gold spans and pairs, and fresh negatives drawn each epoch."""

from dataclasses import dataclass

import numpy as np

from .documents import Document
from .schema import TypeSchema


@dataclass(frozen=True, slots=True)
class SamplingSettings:
    """How many negatives a sentence gets, and from where.

    Args:
        negative_spans: spans that are not gold entities, of 1 … `max_span_size` tokens, drawn uniformly.
        negative_pairs: ordered pairs of spans that are not related.
        strong_negatives: draw those pairs among the gold entities of the sentence; `False`: among all candidate spans.
        max_span_size: longest negative span, in tokens.
    """

    negative_spans: int
    negative_pairs: int
    strong_negatives: bool
    max_span_size: int


@dataclass(frozen=True, slots=True)
class GoldCandidates:
    """What never changes from epoch to epoch: gold spans and gold pairs as arrays.

    Args:
        token_count: tokens in the sentence.
        spans: gold spans `[start, end)`, *(entities, 2)*.
        types: their types, from 1 on, *(entities,)*.
        pairs: related ordered pairs (head, tail), indices into `spans`, one row a pair, *(pairs, 2)*; a symmetric
            relation's earlier span is the head.
        relations: multi-hot types of those pairs, *(pairs, relation types)*.
    """

    token_count: int
    spans: np.ndarray
    types: np.ndarray
    pairs: np.ndarray
    relations: np.ndarray


@dataclass(frozen=True, slots=True)
class Candidates:
    """Candidates of one sentence for one epoch: gold first, then negatives (type 0, all-zero relations).

    Shapes as in [`GoldCandidates`], `int64` and `float32`.
    """

    spans: np.ndarray
    types: np.ndarray
    pairs: np.ndarray
    relations: np.ndarray


def gold_candidates(document: Document, schema: TypeSchema) -> GoldCandidates:
    """Turn a document's annotation into arrays.

    Several relations between the same two entities share a row, as in the published code.
    """
    entity_index = {name: index for index, name in enumerate(schema.entity_names, start=1)}
    relation_index = {name: index for index, name in enumerate(schema.relation_names)}
    symmetric = set(schema.symmetric_relation_names)
    rows: dict[tuple[int, int], np.ndarray] = {}
    for relation in document.relations:
        head, tail = relation.head, relation.tail
        if relation.type in symmetric and document.entities[tail].start < document.entities[head].start:
            head, tail = tail, head
        row = rows.setdefault((head, tail), np.zeros(len(relation_index), dtype=np.float32))
        row[relation_index[relation.type]] = 1
    return GoldCandidates(
        token_count=len(document.tokens),
        spans=np.array([(e.start, e.end) for e in document.entities], dtype=np.int64).reshape(-1, 2),
        types=np.array([entity_index[e.type] for e in document.entities], dtype=np.int64),
        pairs=np.array(list(rows), dtype=np.int64).reshape(-1, 2),
        relations=np.array(list(rows.values()), dtype=np.float32).reshape(len(rows), len(relation_index)),
    )


def sample_candidates(gold: GoldCandidates, settings: SamplingSettings, generator: np.random.Generator) -> Candidates:
    """Add freshly drawn negatives to the gold candidates of a sentence."""
    negative_spans = _negative_spans(gold, settings, generator)
    spans = np.concatenate((gold.spans, negative_spans))
    partners = gold.spans if settings.strong_negatives else spans
    negative_pairs = _negative_pairs(partners, gold.pairs, settings.negative_pairs, generator)
    return Candidates(
        spans=spans,
        types=np.concatenate((gold.types, np.zeros(len(negative_spans), dtype=np.int64))),
        pairs=np.concatenate((gold.pairs, negative_pairs)),
        relations=np.concatenate(
            (gold.relations, np.zeros((len(negative_pairs), gold.relations.shape[1]), dtype=np.float32))
        ),
    )


def _negative_spans(gold: GoldCandidates, settings: SamplingSettings, generator: np.random.Generator) -> np.ndarray:
    """Draw spans that are not gold, uniformly and without replacement, *(spans, 2)*.

    All spans are numbered by (size, start); numbers are drawn, not spans.
    """
    sizes = np.arange(1, min(settings.max_span_size, gold.token_count) + 1)
    first_number = np.concatenate(([0], np.cumsum(gold.token_count - sizes + 1)))
    gold_sizes = gold.spans[:, 1] - gold.spans[:, 0]
    short = gold_sizes <= len(sizes)
    taken = np.unique(first_number[gold_sizes[short] - 1] + gold.spans[short, 0])
    drawn = _draw(int(first_number[-1]), taken, settings.negative_spans, generator)
    size = np.searchsorted(first_number, drawn, side="right")
    start = drawn - first_number[size - 1]
    return np.stack((start, start + size), axis=1)


def _negative_pairs(spans: np.ndarray, related: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """Draw ordered pairs of different spans that are not related, *(pairs, 2)*; pair (h, t) has number h · n + t.

    As in the published code spans count, not entities: one span may have two types, and be listed twice.
    """
    number = len(spans)
    same = (spans[:, None] == spans[None]).all(-1)
    is_related = np.zeros((number, number), dtype=np.float32)
    is_related[related[:, 0], related[:, 1]] = 1
    taken = np.flatnonzero(same | (same @ is_related @ same > 0))
    drawn = _draw(number * number, taken, count, generator)
    return np.stack((drawn // max(number, 1), drawn % max(number, 1)), axis=1)


def _draw(total: int, taken: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """Draw up to `count` different numbers below `total` that are not `taken`, uniformly.

    Numbers are drawn among those left over, then moved up past the taken ones (`taken` is sorted).
    """
    left = total - len(taken)
    drawn = generator.choice(left, min(count, left), replace=False) if left and count else np.empty(0, dtype=np.int64)
    return drawn + np.searchsorted(taken - np.arange(len(taken)), drawn, side="right")
