"""Bounds on what a sentence may give, and the best of what goes beyond them.

Spans, pairs and relation types multiply: a model that knows nothing asks for millions of scores and results, each of
which would be an object. A model that has learned something stays far below these bounds.
"""

import torch
from torch import Tensor

MOST_PAIRED_ENTITIES = 512
"""Entities of a sentence that are paired, the surest first."""

MOST_RELATIONS = 10_000
"""Relations of a sentence (or of a window of a long one), the surest first."""

PAIR_SCORES_AT_ONCE = 1 << 22
"""Scores of pairs, one a relation type, that a batch holds: where it has more, of each sentence only the pairs are kept
that [`MOST_RELATIONS`] can come from."""


def best_of_each(rows: Tensor, scores: Tensor, most: int) -> Tensor:
    """Indices of each row's items with the highest scores, in the order of the items; nothing depends on other rows.

    Args:
        rows: of the items, sorted, *(items,)*.
        scores: *(items,)*.
        most: items of a row.
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
    """Whether a row has more items than that; `rows` as of [`best_of_each`]."""
    return len(rows) > most and int(torch.bincount(rows).max()) > most
