"""Limits on the numbers of scores and results, and selection of the best ones beyond them.

An untrained model may predict millions of relations, as the numbers of spans, pairs and relation types multiply.
Trained models stay far below these limits.
"""

import torch
from torch import Tensor

MOST_PAIRED_ENTITIES = 512
"""The maximum number of entities of a sentence to pair, those with the highest scores."""

MOST_RELATIONS = 10_000
"""The maximum number of relations of a sentence (or a window of a long one), those with the highest scores."""

PAIR_SCORES_AT_ONCE = 1 << 22
"""The maximum number of scores of pairs, one per relation type, in a batch: beyond it, only the pairs of each sentence
that are needed for [`MOST_RELATIONS`] relations are kept."""


def best_of_each(rows: Tensor, scores: Tensor, most: int) -> Tensor:
    """Return the indices of the items with the highest scores in each row, in the order of the items.

    Args:
        rows: row of each item, sorted, *(items,)*.
        scores: score of each item, *(items,)*.
        most: maximum number of items per row.

    Returns:
        The indices.
    """
    places = torch.arange(len(rows), device=rows.device)
    if not exceeds(rows, most):
        return places
    kept = [
        of_row[scores[of_row].topk(min(len(of_row), most)).indices]
        for of_row in places.split(torch.bincount(rows).tolist())
    ]
    return torch.cat(kept).sort().values


def exceeds(rows: Tensor, most: int) -> bool:
    """Whether a row has more than `most` items; `rows` as in [`best_of_each`]."""
    return len(rows) > most and int(torch.bincount(rows).max()) > most
