"""From scores to entities and relations, and what to do with entities that overlap."""

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from operator import itemgetter

from torch import Tensor

from .configuration_spert import SpertConfig
from .modeling_spert import SpertOutput


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


def entity_scores(logits: Tensor, temperature: float) -> Tensor:
    """Probabilities of *none* and of each entity type, *(…, 1 + entity types)*, of logits of that shape.

    Args:
        logits: the model's, in any precision.
        temperature: what they are divided by.
    """
    return _tempered(logits, temperature).softmax(-1)


def relation_scores(logits: Tensor, temperature: float) -> Tensor:
    """Scores of relations, each by itself, of logits of the same shape; see [`entity_scores`]."""
    return _tempered(logits, temperature).sigmoid()


def tempered_score(score: float, temperature: float, new_temperature: float) -> float:
    """What the score of a relation at one temperature is at another; the order of scores stays."""
    if temperature == new_temperature or score in (0, 1):
        return score
    logit = math.log(score / (1 - score)) * temperature / new_temperature
    # Either form overflows where the other is exact.
    return 1 / (1 + math.exp(-logit)) if logit > 0 else math.exp(logit) / (1 + math.exp(logit))


def _tempered(logits: Tensor, temperature: float) -> Tensor:
    logits = logits.float()
    return logits if temperature == 1 else logits / temperature


def decode(
    output: SpertOutput, config: SpertConfig, batch_size: int, relation_threshold: float | None = None
) -> list[Prediction]:
    """Decode the model's scores of all spans and pairs.

    Args:
        output: of [`SpertModel.forward`] without candidates.
        config: the model's.
        batch_size: rows of that batch.
        relation_threshold: lowest score of a relation; by default the config's.

    Returns:
        One prediction a row. As in the published code: entities in the order of (size, start), relations in the order
        of (head, tail); a symmetric relation has its earlier span as head and is reported once, with the score found
        first (of two spans that begin together, either may be the head, and both).
    """
    predictions = [Prediction() for _ in range(batch_size)]
    entities, first_entity = _decode_entities(output, config, predictions)
    if output.relation_logits is not None and len(output.relation_logits):
        threshold = config.relation_threshold if relation_threshold is None else relation_threshold
        _decode_relations(output, config, predictions, entities, first_entity, threshold)
    return predictions


def _decode_entities(
    output: SpertOutput, config: SpertConfig, predictions: list[Prediction]
) -> tuple[list[list[int]], list[int]]:
    """Fill in the entities; return their rows of numbers and the index of each sentence's first one."""
    rows, starts, ends, types = output.entities.unbind(-1)
    probabilities = entity_scores(output.entity_logits[rows, ends - starts - 1, starts], config.entity_temperature)
    scores = probabilities.gather(1, types.unsqueeze(-1)).squeeze(-1).tolist()
    entities, names = output.entities.tolist(), config.entity_types
    for (row, start, end, type_index), score in zip(entities, scores, strict=True):
        entity = PredictedEntity(start, end, names[type_index - 1], score)
        predictions[row].entities.append(entity)
    first_entity, count = [], 0
    for prediction in predictions:
        first_entity.append(count)
        count += len(prediction.entities)
    return entities, first_entity


def _decode_relations(
    output: SpertOutput,
    config: SpertConfig,
    predictions: list[Prediction],
    entities: list[list[int]],
    first_entity: list[int],
    threshold: float,
) -> None:
    """Fill in the relations that reach the threshold."""
    scores = relation_scores(output.relation_logits, config.relation_temperature)
    found, type_indices = (scores >= threshold).nonzero(as_tuple=True)
    columns = (output.pairs[found].tolist(), type_indices.tolist(), scores[found, type_indices].tolist())
    names, symmetric = config.relation_types, set(config.symmetric_relation_types)
    signatures = _allowed_arguments(config)
    seen = set()
    for (head, tail), type_index, score in zip(*columns, strict=True):
        name = names[type_index]
        if name in signatures and (entities[head][3], entities[tail][3]) not in signatures[name]:
            continue
        if name in symmetric:
            if entities[tail][1] < entities[head][1]:
                head, tail = tail, head
            if (head, tail, name) in seen:
                continue
            seen.add((head, tail, name))
        row = entities[head][0]
        first = first_entity[row]
        predictions[row].relations.append(PredictedRelation(head - first, tail - first, name, score))


def _allowed_arguments(config: SpertConfig) -> dict[str, set[tuple[int, int]]]:
    """The pairs of entity types, head and tail, that relation types are bound to; both ways round if symmetric."""
    index = {name: number for number, name in enumerate(config.entity_types, start=1)}
    allowed = {
        name: {(index[head], index[tail]) for head, tail in pairs}
        for name, pairs in (config.relation_signatures or {}).items()
    }
    for name in allowed.keys() & set(config.symmetric_relation_types):
        allowed[name] |= {(tail, head) for head, tail in allowed[name]}
    return allowed


def resolve_overlaps(prediction: Prediction, policy: str) -> Prediction:
    """Apply an overlap policy to one prediction.

    Args:
        prediction: as decoded.
        policy: `"keep"` leaves all entities; `"drop"` removes every entity that overlaps another; `"best"` keeps, from
            the highest score down, each entity that overlaps none kept before. A relation goes with its entities.
    """
    if policy == "keep":
        return prediction
    kept = _without_overlaps(prediction.entities) if policy == "drop" else _best_of_overlaps(prediction.entities)
    return select_entities(prediction, kept)


def _without_overlaps(entities: list[PredictedEntity]) -> list[int]:
    """Indices of the entities that overlap no other one; a document may have thousands, so not pair by pair."""
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
    """Indices of the entities that are kept when each, from the highest score down, must overlap none kept before."""
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
    """Keep the given entities, and the relations between them with their indices adapted."""
    indices = sorted(indices) if sort else indices
    place = {old: new for new, old in enumerate(indices)}
    relations = [
        PredictedRelation(place[relation.head], place[relation.tail], relation.type, relation.score)
        for relation in prediction.relations
        if relation.head in place and relation.tail in place
    ]
    return Prediction([prediction.entities[index] for index in indices], relations)


def merge_windows(predictions: list[Prediction], windows: list[tuple[int, int]]) -> Prediction:
    """Merge the predictions of overlapping windows into one for the whole text.

    Where windows overlap, an entity is taken from the window that shows most of its surroundings, and a relation from
    every window that found both its entities, with its best score.

    Args:
        predictions: one a window, in the window's own token offsets.
        windows: token ranges `[start, end)` in text order.

    Returns:
        The prediction in the text's token offsets.
    """
    if len(windows) == 1:
        return predictions[0]
    merged = Prediction()
    place: dict[tuple[int, int, str], int] = {}
    for number, (window, prediction) in enumerate(zip(windows, predictions, strict=True)):
        for entity in prediction.entities:
            start, end = entity.start + window[0], entity.end + window[0]
            if _best_window(start, end, windows) == number:
                place[start, end, entity.type] = len(merged.entities)
                merged.entities.append(PredictedEntity(start, end, entity.type, entity.score))
    best: dict[tuple[int, int, str], float] = {}
    for window, prediction in zip(windows, predictions, strict=True):
        keys = [(e.start + window[0], e.end + window[0], e.type) for e in prediction.entities]
        for relation in prediction.relations:
            head, tail = place.get(keys[relation.head]), place.get(keys[relation.tail])
            if head is not None and tail is not None:
                key = (head, tail, relation.type)
                best[key] = max(relation.score, best.get(key, 0.0))
    merged.relations = [PredictedRelation(head, tail, name, score) for (head, tail, name), score in best.items()]
    return merged


def concatenate(predictions: list[Prediction], ranges: list[tuple[int, int]]) -> Prediction:
    """Put the predictions of the parts of a text together that do not overlap, such as its sentences.

    Args:
        predictions: one a part, in the part's own token offsets.
        ranges: token ranges `[start, end)` of the parts in text order.

    Returns:
        The prediction in the text's token offsets.
    """
    whole = Prediction()
    for (first, _), part in zip(ranges, predictions, strict=True):
        before = len(whole.entities)
        whole.entities += [PredictedEntity(first + e.start, first + e.end, e.type, e.score) for e in part.entities]
        whole.relations += [
            PredictedRelation(before + r.head, before + r.tail, r.type, r.score) for r in part.relations
        ]
    return whole


def _best_window(start: int, end: int, windows: list[tuple[int, int]]) -> int:
    """The window in which the span lies farthest from a border; the first of equals.

    The text's own start and end are no borders: nothing is cut off there.
    """

    def distance(number: int) -> float:
        first, last = windows[number]
        before = float("inf") if number == 0 else start - first
        after = float("inf") if number == len(windows) - 1 else last - end
        return min(before, after)

    candidates = range(bisect_left(windows, end, key=itemgetter(1)), bisect_right(windows, start, key=itemgetter(0)))
    return max(candidates, key=lambda number: (distance(number), -number))


def to_records(prediction: Prediction) -> dict[str, list[dict[str, object]]]:
    """Give a prediction as plain JSON in token offsets: an annotated document's two lists, with scores."""
    return {
        "entities": [{"type": e.type, "start": e.start, "end": e.end, "score": e.score} for e in prediction.entities],
        "relations": [{"type": r.type, "head": r.head, "tail": r.tail, "score": r.score} for r in prediction.relations],
    }
