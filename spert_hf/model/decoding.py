"""Decoding of scores to entities and relations, and resolution of overlapping entities."""

import math
import warnings
from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from .predictions import PredictedEntity, PredictedRelation, Prediction, PredictionArrays
from .ranking import MOST_RELATIONS, PAIR_SCORES_AT_ONCE, best_of_each, exceeds, many_relations
from .selection import ALL, Selection, Threshold
from .settings import PredictionSettings
from .signatures import forbidden_relations


class CandidateScores(NamedTuple):
    """What a model gives of a batch, as far as decoding needs it.

    Args:
        entities: the predicted entities, (row, start, end, type from 1), *(entities, 4)*, `int64`; sorted by row, size
            and start.
        entity_logits: their logits, *(entities, 1 + entity types)*, `float32`.
        pairs: indices of head and tail in `entities`, *(pairs, 2)*, `int64`; sorted by row of the batch.
        relation_logits: their logits, *(pairs, relation types)*, `float32`; `None` without relation types.
    """

    entities: np.ndarray
    entity_logits: np.ndarray
    pairs: np.ndarray
    relation_logits: np.ndarray | None


def entity_scores(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Compute the probabilities of *none* and of each entity type.

    Args:
        logits: *(…, 1 + entity types)*, `float32`.
        temperature: the logits are divided by it.

    Returns:
        Probabilities of the same shape.
    """
    logits = _tempered(logits, temperature)
    scores = np.exp(logits - logits.max(-1, keepdims=True))
    return scores / scores.sum(-1, keepdims=True)


def relation_scores(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Compute the scores of relations, each independently, from logits of the same shape; see [`entity_scores`]."""
    logits = _tempered(logits, temperature)
    powers = np.exp(-np.abs(logits))  # 1 / (1 + e^-x) overflows for x < 0, where e^x / (1 + e^x) is exact
    return np.where(logits < 0, powers, np.float32(1)) / (1 + powers)


def tempered_score(score: float, temperature: float, new_temperature: float) -> float:
    """Convert the score of a relation from one temperature to another; the order of scores does not change."""
    if temperature == new_temperature or score in (0, 1):
        return score
    logit = math.log(score / (1 - score)) * temperature / new_temperature
    # Each form overflows where the other is exact.
    return 1 / (1 + math.exp(-logit)) if logit > 0 else math.exp(logit) / (1 + math.exp(logit))


def _tempered(logits: np.ndarray, temperature: float) -> np.ndarray:
    return logits if temperature == 1 else logits / np.float32(temperature)


def decode(
    scores: CandidateScores,
    config: PredictionSettings,
    batch_size: int,
    relation_threshold: Threshold = None,
    selection: Selection = ALL,
) -> list[Prediction]:
    """Decode the model's scores of all spans and pairs.

    Args:
        scores: what the model gives.
        config: the model's config.
        batch_size: number of rows of the batch.
        relation_threshold: minimum score of a relation, or a mapping by type; default: the config's.
        selection: the predictions to keep; entities of other types are kept here, as they matter for overlaps.

    Returns:
        One prediction per row. As in the published code, entities are sorted by (size, start) and relations by
        (head, tail); a symmetric relation has the earlier span as head and is returned once, with the score found first
        (if both spans start at the same word, either or both may be the head). A row has at most [`MOST_RELATIONS`]
        relations, those with the highest scores.
    """
    found = decode_arrays(scores, config, batch_size, relation_threshold, selection)
    return [to_prediction(row, config) for row in found]


def decode_arrays(
    scores: CandidateScores,
    config: PredictionSettings,
    batch_size: int,
    relation_threshold: Threshold = None,
    selection: Selection = ALL,
) -> list[PredictionArrays]:
    """Do what [`decode`] does, without an object for each entity and relation."""
    entities, of_entities, places = _find_entities(scores, config, selection.entity_threshold)
    relations, of_relations = [entities[:0]], [of_entities[:0]]
    if scores.relation_logits is not None and len(scores.relation_logits):
        pairs = places[scores.pairs]
        thresholds = np.array(selection.relation_thresholds(config, relation_threshold), dtype=np.float32)
        for part in _row_by_row(scores.entities[scores.pairs[:, 0], 0], scores.relation_logits):
            of_part = _find_relations(
                scores.relation_logits[part], pairs[part], entities, config, thresholds, selection.entity_types
            )
            relations.append(of_part[0])
            of_relations.append(of_part[1])
    found = np.concatenate(relations), np.concatenate(of_relations)
    return _row_arrays((entities, of_entities), found, batch_size)


def _find_entities(
    scores: CandidateScores, config: PredictionSettings, threshold: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the entities that reach the threshold.

    Returns:
        Their rows of numbers, *(kept, 4)*, their scores, *(kept,)*, and for each of the given entities its index among
        these, or -1, *(entities,)*.
    """
    types = scores.entities[:, 3:]
    probabilities = entity_scores(scores.entity_logits, config.entity_temperature)
    of_types = np.take_along_axis(probabilities, types, 1)[:, 0]
    kept = of_types >= np.float32(threshold)
    return scores.entities[kept], of_types[kept], np.where(kept, kept.cumsum() - 1, -1)


def _row_by_row(rows: np.ndarray, logits: np.ndarray) -> list[slice]:
    """Return a slice of all pairs or, if they have very many scores, one slice per row; `rows`: *(pairs,)*, sorted."""
    if logits.size <= PAIR_SCORES_AT_ONCE:
        return [slice(None)]
    ends = np.bincount(rows).cumsum().tolist()
    return [slice(first, end) for first, end in zip([0, *ends], ends, strict=False) if first < end]


def _find_relations(
    logits: np.ndarray,
    pairs: np.ndarray,
    entities: np.ndarray,
    config: PredictionSettings,
    thresholds: np.ndarray,
    entity_types: Collection[str] | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Find the relations that reach their threshold.

    Args:
        logits: *(pairs, relation types)*.
        pairs: indices of head and tail in `entities`, -1 for entities that are not kept, *(pairs, 2)*.
        entities: (row, start, end, type), *(kept, 4)*.
        config: the model's config.
        thresholds: minimum scores, *(relation types,)*, `float32`.
        entity_types: types of the entities to keep, or `None` for all.

    Returns:
        Row, head, tail and relation type of each relation, *(relations, 4)*, and their scores, *(relations,)*, in the
        order of the pairs.
    """
    kept = (pairs >= 0).all(1)
    logits, pairs = logits[kept], pairs[kept]
    scores = relation_scores(logits, config.relation_temperature)
    reached = scores >= thresholds
    types_of_ends = entities[pairs, 3]
    forbidden = forbidden_relations(config, types_of_ends[:, 0], types_of_ends[:, 1])
    if forbidden is not None:
        reached &= ~forbidden
    if entity_types is not None:
        wanted = [index for index, name in enumerate(config.entity_types, start=1) if name in entity_types]
        reached &= np.isin(types_of_ends, wanted).all(1, keepdims=True)
    found, types = reached.nonzero()
    relations = np.column_stack((entities[pairs[found, 0], 0], pairs[found], types))
    relations, different = _without_doubles(relations, entities, config)
    found, types = found[different], types[different]
    if exceeds(relations[:, 0], MOST_RELATIONS):
        warnings.warn(many_relations(MOST_RELATIONS), stacklevel=3)
        best = best_of_each(relations[:, 0], logits[found, types], MOST_RELATIONS)
        relations, found, types = relations[best], found[best], types[best]
    return relations, scores[found, types]


def _without_doubles(
    relations: np.ndarray, entities: np.ndarray, config: PredictionSettings
) -> tuple[np.ndarray, np.ndarray]:
    """Put the earlier span of symmetric relations first; return the relations without duplicates, and their indices."""
    symmetric = [index for index, name in enumerate(config.relation_types) if name in config.symmetric_relation_types]
    is_symmetric = np.isin(relations[:, 3], symmetric)
    if not is_symmetric.any():
        return relations, np.arange(len(relations))
    rows, heads, tails, types = relations.T
    turned = is_symmetric & (entities[tails, 1] < entities[heads, 1])
    heads, tails = np.where(turned, tails, heads), np.where(turned, heads, tails)
    keys = (heads * len(entities) + tails) * len(config.relation_types) + types
    _, first = np.unique(keys, return_index=True)
    first.sort()
    return np.column_stack((rows, heads, tails, types))[first], first


def _row_arrays(
    entities: tuple[np.ndarray, np.ndarray], relations: tuple[np.ndarray, np.ndarray], batch_size: int
) -> list[PredictionArrays]:
    """Split what [`_find_entities`] and [`_find_relations`] return, numbers and scores, by row."""
    row_numbers = np.arange(batch_size + 1)
    (spans, span_scores), (triples, triple_scores) = entities, relations
    borders = [rows.searchsorted(row_numbers).tolist() for rows in (spans[:, 0], triples[:, 0])]
    spans, triples = ((rows[:, 1:] - [0, 0, shift]).astype(np.int32) for rows, shift in ((spans, 1), (triples, 0)))
    found = []
    for row in range(batch_size):
        (first, last), (start, end) = ((of_kind[row], of_kind[row + 1]) for of_kind in borders)
        own = triples[start:end] - np.array([first, first, 0], dtype=np.int32)
        found.append(PredictionArrays(spans[first:last], own, span_scores[first:last], triple_scores[start:end]))
    return found


def to_prediction(found: PredictionArrays, config: PredictionSettings) -> Prediction:
    """Give what was found as objects, with the names of their types."""
    names = config.entity_types, config.relation_types
    return Prediction(
        [
            PredictedEntity(start, end, names[0][number], score)
            for (start, end, number), score in zip(found.entities.tolist(), found.entity_scores.tolist(), strict=True)
        ],
        [
            PredictedRelation(head, tail, names[1][number], score)
            for (head, tail, number), score in zip(
                found.relations.tolist(), found.relation_scores.tolist(), strict=True
            )
        ],
    )


def to_arrays(prediction: Prediction, config: PredictionSettings) -> PredictionArrays:
    """Give a prediction as numbers; see [`to_prediction`]."""
    entity_types, relation_types = (
        {name: number for number, name in enumerate(names)} for names in (config.entity_types, config.relation_types)
    )
    entities = [(one.start, one.end, entity_types[one.type]) for one in prediction.entities]
    relations = [(one.head, one.tail, relation_types[one.type]) for one in prediction.relations]
    return PredictionArrays(
        np.array(entities, dtype=np.int32).reshape(-1, 3),
        np.array(relations, dtype=np.int32).reshape(-1, 3),
        np.array([one.score for one in prediction.entities], dtype=np.float32),
        np.array([one.score for one in prediction.relations], dtype=np.float32),
    )


def keep_types(prediction: Prediction, entity_types: Collection[str] | None) -> Prediction:
    """Keep the entities of some types, or all, and the relations between them."""
    if entity_types is None:
        return prediction
    return select_entities(
        prediction, [index for index, entity in enumerate(prediction.entities) if entity.type in entity_types]
    )


def resolve_overlaps(prediction: Prediction, policy: str) -> Prediction:
    """Apply an overlap policy to a prediction.

    Args:
        prediction: the decoded prediction.
        policy: `"keep"` keeps all entities; `"drop"` drops every entity that overlaps another one; `"best"` keeps
            entities greedily, from the highest score down, if they overlap none kept before. Relations of dropped
            entities are dropped.

    Returns:
        The prediction without the dropped entities.
    """
    if policy == "keep":
        return prediction
    kept = _without_overlaps(prediction.entities) if policy == "drop" else _best_of_overlaps(prediction.entities)
    return select_entities(prediction, kept)


def _without_overlaps(entities: list[PredictedEntity]) -> list[int]:
    """Return the indices of the entities that overlap no other one, without comparing all pairs of a long document."""
    order = sorted(range(len(entities)), key=lambda i: entities[i].start)
    kept = []
    reached = 0
    for place, index in enumerate(order):
        free_before = entities[index].start >= reached
        free_after = place + 1 == len(order) or entities[order[place + 1]].start >= entities[index].end
        if free_before and free_after:
            kept.append(index)
        reached = max(reached, entities[index].end)
    return kept


def _best_of_overlaps(entities: list[PredictedEntity]) -> list[int]:
    """Return the indices of entities kept greedily, from the highest score down, if they overlap none kept before."""
    taken: set[int] = set()
    kept = []
    for index in sorted(range(len(entities)), key=lambda i: -entities[i].score):
        tokens = range(entities[index].start, entities[index].end)
        if taken.isdisjoint(tokens):
            taken.update(tokens)
            kept.append(index)
    return kept


def in_text_order(prediction: Prediction) -> Prediction:
    """Sort entities by (start, end) and relations by (head, tail, type)."""
    entities = prediction.entities
    order = sorted(range(len(entities)), key=lambda i: (entities[i].start, entities[i].end))
    ordered = select_entities(prediction, order, sort=False)
    ordered.relations.sort(key=lambda relation: (relation.head, relation.tail, relation.type))
    return ordered


def select_entities(prediction: Prediction, indices: list[int], sort: bool = True) -> Prediction:
    """Keep the given entities, and the relations between them with adjusted indices."""
    indices = sorted(indices) if sort else indices
    place = {old: new for new, old in enumerate(indices)}
    relations = [
        PredictedRelation(place[relation.head], place[relation.tail], relation.type, relation.score)
        for relation in prediction.relations
        if relation.head in place and relation.tail in place
    ]
    return Prediction([prediction.entities[index] for index in indices], relations)


def to_records(prediction: Prediction) -> dict[str, list[dict[str, object]]]:
    """Convert a prediction to JSON with token offsets: the two lists of an annotated document, with scores."""
    return {
        "entities": [{"type": e.type, "start": e.start, "end": e.end, "score": e.score} for e in prediction.entities],
        "relations": [{"type": r.type, "head": r.head, "tail": r.tail, "score": r.score} for r in prediction.relations],
    }
