"""Decoded predictions."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(slots=True)
class PredictedEntity:
    """A span of tokens `[start, end)` with a type and its probability."""

    start: int
    end: int
    type: str
    score: float


@dataclass(slots=True)
class PredictedRelation:
    """A relation from entity `head` to entity `tail` (indices into the sentence's entities) with its score."""

    head: int
    tail: int
    type: str
    score: float


@dataclass(slots=True)
class Prediction:
    """Entities and relations of one sentence or document."""

    entities: list[PredictedEntity] = field(default_factory=list)
    relations: list[PredictedRelation] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class PredictionArrays:
    """A [`Prediction`] as numbers, for what counts: a model that knows nothing finds thousands of things in a sentence.

    Args:
        entities: first word, end word (exclusive) and number of the type (from 0) of each, *(entities, 3)*, `int32`.
        relations: head, tail (indices into `entities`) and number of the type of each, *(relations, 3)*, `int32`.
        entity_scores: *(entities,)*, `float32`.
        relation_scores: *(relations,)*, `float32`.
    """

    entities: np.ndarray
    relations: np.ndarray
    entity_scores: np.ndarray
    relation_scores: np.ndarray
