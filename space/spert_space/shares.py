"""Selects the relations to show if there are too many, and counts the others."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

SCORE_STEPS = 100
"""The page's sliders have steps of 1 / 100."""


def best_by_type(relations: Sequence[dict[str, Any]], indices: Sequence[int], most: int, sure: float) -> list[int]:
    """Select the best relations, with an equal share for each type; unused shares go to the other types.

    Args:
        relations: with `type` and `score`.
        indices: the relations to select from.
        most: the maximum number to select.
        sure: relations with at least this score take precedence over all others, whatever their types.

    Returns:
        The selected indices in ascending order.
    """
    by_type: dict[str, list[int]] = defaultdict(list)
    for index in sorted(indices, key=lambda index: -relations[index]["score"]):
        by_type[relations[index]["type"]].append(index)
    rank = {index: place for of_type in by_type.values() for place, index in enumerate(of_type)}
    # Round-robin over the types: the best of each, then the second of each, and so on.
    order = sorted(rank, key=lambda i: (relations[i]["score"] < sure, rank[i], -relations[i]["score"]))
    return sorted(order[:most])


def count_left_out(
    prediction: dict[str, Any], policies: Sequence[Sequence[str]], chosen: set[int], thresholds: Sequence[float]
) -> list[dict[str, Any]]:
    """Count the relations that are not sent to the page, so that it can show their number for any of its settings.

    Args:
        prediction: with all relations.
        policies: for each relation, the overlap policies that keep both of its entities.
        chosen: indices of the relations that are sent.
        thresholds: the page's possible score thresholds, in ascending order.

    Returns:
        Groups of relations that are shown or hidden together: their `type`, `head_type`, `tail_type`, `policies`, the
        highest thresholds that they (`score`) and both of their entities (`entity_score`) reach, and their `count`.
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
