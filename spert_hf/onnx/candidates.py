"""Predicted entities, and the pairs of them that are scored, from the logits of all spans."""

import warnings
from collections.abc import Callable, Iterator

import numpy as np

from ..model.decoding import entity_scores
from ..model.ranking import (
    MOST_PAIRED_ENTITIES,
    MOST_RELATIONS,
    PAIR_SCORES_AT_ONCE,
    best_of_each,
    exceeds,
    many_entities,
)
from ..model.settings import PredictionSettings
from ..model.signatures import forbidden_relations

ScorePairs = Callable[[np.ndarray], np.ndarray]
"""Returns the logits of pairs, *(pairs, relation types)*."""


def predicted_entities(entity_logits: np.ndarray) -> np.ndarray:
    """Return the spans whose best type is not *none*.

    Args:
        entity_logits: *(batch, sizes, words, 1 + entity types)*.

    Returns:
        (row, start, end, type), *(entities, 4)*, `int64`, sorted by row, size and start.
    """
    types = entity_logits.argmax(-1)
    rows, sizes, starts = types.nonzero()
    return np.column_stack((rows, starts, starts + sizes + 1, types[rows, sizes, starts]))


def pairs_to_score(entities: np.ndarray, entity_logits: np.ndarray) -> np.ndarray:
    """Return all ordered pairs of two different entities of a sentence, or of the surest if it has too many.

    Args:
        entities: as [`predicted_entities`] returns them; a span may have several types.
        entity_logits: logits of these, *(entities, 1 + entity types)*.

    Returns:
        Indices of head and tail in `entities`, *(pairs, 2)*, sorted by (head, tail).
    """
    paired = np.arange(len(entities))
    if exceeds(entities[:, 0], MOST_PAIRED_ENTITIES):
        warnings.warn(many_entities(MOST_PAIRED_ENTITIES), stacklevel=2)
        scores = np.take_along_axis(entity_scores(entity_logits, 1), entities[:, 3:], 1)[:, 0]
        paired = best_of_each(entities[:, 0], scores, MOST_PAIRED_ENTITIES)
    pairs = paired[_ordered_pairs(entities[paired, 0])]
    heads, tails = entities[pairs[:, 0], 1:3], entities[pairs[:, 1], 1:3]
    return pairs[(heads != tails).any(-1)]  # a given mention with two types has no relation to itself


def likeliest_pairs(
    config: PredictionSettings, entities: np.ndarray, pairs: np.ndarray, score: ScorePairs
) -> np.ndarray:
    """Return all pairs or, if they have too many scores to be held, the best pairs of each sentence."""
    at_once = max(1, PAIR_SCORES_AT_ONCE // max(1, len(config.relation_types)))
    if len(pairs) <= at_once:
        return pairs
    best = []
    for first in range(0, len(pairs), at_once):
        chunk = pairs[first : first + at_once]
        logits = score(chunk)
        forbidden = forbidden_relations(config, *entities[chunk, 3].T)
        if forbidden is not None:
            logits = np.where(forbidden, -np.inf, logits)
        best.append(logits.max(-1))
    return pairs[best_of_each(entities[pairs[:, 0], 0], np.concatenate(best), 2 * MOST_RELATIONS)]


def _ordered_pairs(rows: np.ndarray) -> np.ndarray:
    """Return all ordered pairs of distinct items of the same row, sorted by (head, tail); `rows` is sorted."""
    return np.concatenate([np.empty((0, 2), dtype=np.int64), *_pairs_of_rows(rows)])


def _pairs_of_rows(rows: np.ndarray) -> Iterator[np.ndarray]:
    first = 0
    for count in np.bincount(rows).tolist() if len(rows) else ():
        items = np.arange(first, first + count)
        pairs = np.column_stack((items.repeat(count), np.tile(items, count)))
        yield pairs[pairs[:, 0] != pairs[:, 1]]
        first += count
