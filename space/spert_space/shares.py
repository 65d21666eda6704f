"""Which relations are shown where there are too many, and how many of which kind are not."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

SCORE_STEPS = 100
"""The page's sliders move in steps of 1 / 100."""


def best_by_type(relations: Sequence[dict[str, Any]], indices: Sequence[int], most: int, sure: float) -> list[int]:
    """The best relations, each type with an equal share; what a type doesn't need the others have.

    Args:
        relations: with `type` and `score`.
        indices: of those to choose from.
        most: how many are chosen.
        sure: relations scored so or higher go before all others, whatever their types.

    Returns:
        Indices of the chosen ones, the first ones first.
    """
    by_type: dict[str, list[int]] = defaultdict(list)
    for index in sorted(indices, key=lambda index: -relations[index]["score"]):
        by_type[relations[index]["type"]].append(index)
    rank = {index: place for of_type in by_type.values() for place, index in enumerate(of_type)}
    # One of each type, then another one of each: so many rounds as there are places.
    order = sorted(rank, key=lambda i: (relations[i]["score"] < sure, rank[i], -relations[i]["score"]))
    return sorted(order[:most])


def count_left_out(
    prediction: dict[str, Any], policies: Sequence[Sequence[str]], chosen: set[int], thresholds: Sequence[float]
) -> list[dict[str, Any]]:
    """What the page must know of relations that it doesn't get, to tell how many are missing at any of its settings.

    Args:
        prediction: with all of them.
        policies: for each relation the overlap policies that keep both its entities.
        chosen: relations that the page gets.
        thresholds: at which it may show relations or entities, ascending.

    Returns:
        Groups of relations that no setting tells apart: their `type`, `head_type`, `tail_type`, `policies`, the highest
        thresholds that they (`score`) and both their entities (`entity_score`) reach, and their `count`.
    """
    entities = prediction["entities"]

    def reached(score: float) -> float:
        return thresholds[max(bisect_right(thresholds, score) - 1, 0)]

    groups = Counter(
        (
            relation["type"],
            entities[relation["head"]]["type"],
            entities[relation["tail"]]["type"],
            tuple(policies[index]),
            reached(relation["score"]),
            reached(min(entities[relation[end]]["score"] for end in ("head", "tail"))),
        )
        for index, relation in enumerate(prediction["relations"])
        if index not in chosen
    )
    names = ("type", "head_type", "tail_type", "policies", "score", "entity_score")
    return [dict(zip(names, group, strict=True), count=count) for group, count in groups.items()]
