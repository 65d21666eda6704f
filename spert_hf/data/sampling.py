"""Negative sampling: the candidates of a sentence are its gold spans and pairs, and negatives sampled in each epoch."""

from dataclasses import dataclass

import numpy as np

from .documents import Document
from .schema import TypeSchema


@dataclass(frozen=True, slots=True)
class SamplingSettings:
    """Settings of negative sampling, as in the paper.

    Args:
        negative_spans: number of spans of 1 to `max_span_size` tokens that are not gold entities, sampled uniformly.
        negative_pairs: number of ordered pairs of unrelated spans.
        strong_negatives: whether to sample these pairs from the gold entities of the sentence, or from all candidate
            spans.
        max_span_size: maximum length of a negative span, in tokens.
    """

    negative_spans: int
    negative_pairs: int
    strong_negatives: bool
    max_span_size: int


@dataclass(frozen=True, slots=True)
class GoldCandidates:
    """The gold spans and pairs of a sentence as arrays, which are the same in each epoch.

    Args:
        token_count: number of tokens in the sentence.
        spans: gold spans `[start, end)`, *(number of spans, 2)*, int64.
        types: their type indices, from 1, *(number of spans,)*, int64.
        pairs: related ordered pairs (head, tail) as indices into `spans`, *(number of pairs, 2)*, int64; the earlier
            span of a symmetric relation is the head.
        relations: multi-hot types of these pairs, *(number of pairs, number of relation types)*, float32.
    """

    token_count: int
    spans: np.ndarray
    types: np.ndarray
    pairs: np.ndarray
    relations: np.ndarray


@dataclass(frozen=True, slots=True)
class Candidates:
    """Candidates of a sentence for one epoch: gold first, then negatives (type 0, all-zero relations).

    Shapes and dtypes are those of [`GoldCandidates`].
    """

    spans: np.ndarray
    types: np.ndarray
    pairs: np.ndarray
    relations: np.ndarray


def gold_candidates(document: Document, schema: TypeSchema) -> GoldCandidates:
    """Convert the annotations of a document to arrays.

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
    """Add newly sampled negatives to the gold candidates of a sentence."""
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
    """Sample spans that are not gold, uniformly and without replacement, *(number of spans, 2)*.

    All spans are numbered by (size, start), and these numbers are sampled.
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
    """Sample ordered pairs of different, unrelated spans, *(number of pairs, 2)*; pair (h, t) has number h · n + t.

    As in the published code, pairs are of spans, not entities: a span with two types is listed twice.
    """
    number = len(spans)
    same = (spans[:, None] == spans[None]).all(-1)
    is_related = np.zeros((number, number), dtype=np.float32)
    is_related[related[:, 0], related[:, 1]] = 1
    taken = np.flatnonzero(same | (same @ is_related @ same > 0))
    drawn = _draw(number * number, taken, count, generator)
    return np.stack((drawn // max(number, 1), drawn % max(number, 1)), axis=1)


def _draw(total: int, taken: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """Sample up to `count` distinct numbers below `total` that are not `taken`, uniformly.

    Numbers are sampled from the range without the taken ones, then shifted past those (`taken` is sorted).
    """
    left = total - len(taken)
    drawn = generator.choice(left, min(count, left), replace=False) if left and count else np.empty(0, dtype=np.int64)
    return drawn + np.searchsorted(taken - np.arange(len(taken)), drawn, side="right")
