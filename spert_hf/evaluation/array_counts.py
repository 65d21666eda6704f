"""The counts of `score_documents`, made on arrays of a model's predictions, without an object for each relation.

Any number of documents is counted at once. Each item becomes one number, from which its type is got by division with
remainder, so that items are compared by sorting numbers.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .spert_metric.scoring import Counts, TaskCounts

Numbers = NDArray[np.int64]


class Items(NamedTuple):
    """Entities and relations of one document, gold or predicted.

    Args:
        entities: start, end (exclusive) and type index of each entity, *(number of entities, 3)*, integers.
        relations: head and tail (indices into `entities`) and type index of each relation, *(number of relations, 3)*,
            integers.
    """

    entities: NDArray[np.integer]
    relations: NDArray[np.integer]


def count_items(
    gold: Sequence[Items],
    predicted: Sequence[Items],
    entity_types: Sequence[str],
    relation_types: Sequence[str],
    *,
    symmetric: Collection[str] = (),
    no_overlapping: bool = False,
) -> Counts:
    """Count right, spurious and missed items; see [`score_documents`].

    Args:
        gold: the gold items of each document.
        predicted: the predicted items of each document, in the same order.
        entity_types: names of the entity types, by index.
        relation_types: names of the relation types, by index.
        symmetric: names of the symmetric relation types.
        no_overlapping: whether to leave out entities that overlap, and relations whose head and tail do.
    """
    sides = [_Side(documents) for documents in (gold, predicted)]
    without_direction = [number for number, name in enumerate(relation_types) if name in symmetric]
    for side in sides:
        side.put_in_text_order(without_direction)
    spans = _number([side.span_keys(max(one.reach for one in sides)) for side in sides])
    keys = [of_side * len(entity_types) + side.entities[:, 3] for of_side, side in zip(spans, sides, strict=True)]
    # Keys of entities can be so large that those of pairs would overflow.
    entities = _number(keys)
    if no_overlapping:
        for place, side in enumerate(sides):
            keys[place] = keys[place][side.without_overlap(entities[place])]
            side.drop_overlapping_pairs(entities[place])
    counts = Counts()
    counts.documents = len(gold)
    counts.tasks = {
        "ner": _compare(keys, entity_types),
        "rel": _compare(_relation_keys(sides, spans, len(relation_types)), relation_types),
        "rel_plus": _compare(_relation_keys(sides, entities, len(relation_types)), relation_types),
    }
    return counts


class _Side:
    """The gold items of all documents, or the predicted ones.

    Rows of `entities` are document, start, end and type; rows of `relations` are head and tail (indices into
    `entities`) and type.
    """

    def __init__(self, documents: Sequence[Items]) -> None:
        sizes = [len(document.entities) for document in documents]
        first = np.cumsum([0, *sizes])[:-1]
        numbers = np.repeat(np.arange(len(documents)), sizes)
        self.entities: Numbers = np.column_stack((numbers, _stacked([document.entities for document in documents])))
        self.relations: Numbers = _stacked([document.relations for document in documents])
        self.relations[:, :2] += np.repeat(first, [len(document.relations) for document in documents])[:, None]
        self.reach = int(self.entities[:, 2].max(initial=0))

    def put_in_text_order(self, types: Sequence[int]) -> None:
        """Make the argument that starts first the head of relations of these types."""
        heads, tails, relation_types = self.relations.T
        starts = self.entities[:, 1]
        turned = np.isin(relation_types, types) & (starts[tails] < starts[heads])
        self.relations[turned, :2] = self.relations[turned, 1::-1]

    def span_keys(self, reach: int) -> Numbers:
        """Return a number for each entity's document and span; `reach` is the largest end of all entities."""
        documents, starts, ends, _ = self.entities.T
        return (documents * (reach + 1) + starts) * (reach + 1) + ends

    def without_overlap(self, numbers: Numbers) -> Numbers:
        """Return the indices of entities that overlap no other; entities with the same number count as one."""
        different, places, inverse = np.unique(numbers, return_index=True, return_inverse=True)
        documents, starts, ends, _ = self.entities[places].T
        # Documents are put one after another, far enough apart not to overlap.
        starts, ends = documents * self.reach + starts, documents * self.reach + ends
        order = np.argsort(starts)
        starts, ends = starts[order], ends[order]
        overlaps = np.zeros(len(different), dtype=bool)
        overlaps[order[1:]] = np.maximum.accumulate(ends)[:-1] > starts[1:]
        overlaps[order[:-1]] |= starts[1:] < ends[:-1]
        return np.flatnonzero(~overlaps[inverse])

    def drop_overlapping_pairs(self, numbers: Numbers) -> None:
        """Keep only relations whose head and tail do not overlap or are the same entity."""
        heads, tails, _ = self.relations.T
        (_, head_starts, head_ends, _), (_, tail_starts, tail_ends, _) = self.entities[heads].T, self.entities[tails].T
        overlap = (numbers[heads] != numbers[tails]) & (head_starts < tail_ends) & (tail_starts < head_ends)
        self.relations = self.relations[~overlap]


def _stacked(rows: Sequence[NDArray[np.integer]]) -> Numbers:
    return np.concatenate([np.zeros((0, 3), dtype=np.int64), *rows], dtype=np.int64)


def _number(sides: Sequence[Numbers]) -> list[Numbers]:
    """Number the distinct keys of both sides from 0."""
    _, inverse = np.unique(np.concatenate(sides), return_inverse=True)
    return np.split(inverse, [len(sides[0])])


def _relation_keys(sides: Sequence[_Side], numbers: Sequence[Numbers], types: int) -> list[Numbers]:
    """Return a number for each relation's head, tail (by the entities' numbers) and type."""
    count = max(int(of_side.max(initial=-1)) for of_side in numbers) + 1
    return [
        (of_side[side.relations[:, 0]] * count + of_side[side.relations[:, 1]]) * types + side.relations[:, 2]
        for of_side, side in zip(numbers, sides, strict=True)
    ]


def _compare(sides: Sequence[Numbers], types: Sequence[str]) -> TaskCounts:
    """Count distinct keys by type, which is their remainder."""
    gold, predicted = (np.unique(keys) for keys in sides)
    right = np.intersect1d(gold, predicted, assume_unique=True)
    numbers = (np.bincount(keys % max(len(types), 1), minlength=len(types)) for keys in (right, predicted, gold))
    tp, all_predicted, all_gold = numbers
    counts = TaskCounts()
    for of_kind, by_type in ((counts.tp, tp), (counts.fp, all_predicted - tp), (counts.fn, all_gold - tp)):
        of_kind.update({name: number for name, number in zip(types, by_type.tolist(), strict=True) if number})
    return counts
