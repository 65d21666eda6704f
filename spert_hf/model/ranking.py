"""Limits on the numbers of scores and results, and selection of the best ones beyond them.

An untrained model may predict millions of relations, as the numbers of spans, pairs and relation types multiply.
Trained models stay far below these limits.
"""

from itertools import pairwise

import numpy as np

MOST_PAIRED_ENTITIES = 512
"""The maximum number of entities of a sentence to pair, those with the highest scores."""

MOST_RELATIONS = 10_000
"""The maximum number of relations of a sentence (or a window of a long one), those with the highest scores."""

PAIR_SCORES_AT_ONCE = 1 << 22
"""The maximum number of scores of pairs, one per relation type, in a batch: beyond it, only the pairs of each sentence
that are needed for [`MOST_RELATIONS`] relations are kept."""


def many_entities(most: int) -> str:
    """Return the warning that a sentence has more entities than are paired: the text is the same for each sentence, as
    Python remembers each distinct warning.
    """
    return f"more than {most} entities were predicted in one sentence: relations are looked for only between the surest"


def many_relations(most: int) -> str:
    """Return the warning that a sentence has more relations than are given; see [`many_entities`]."""
    return (
        f"more than {most} relations were predicted in one sentence: only the surest are given, the others are left out"
    )


def best_of_each(rows: np.ndarray, scores: np.ndarray, most: int) -> np.ndarray:
    """Return the indices of the items with the highest scores in each row, in the order of the items.

    Args:
        rows: row of each item, sorted, *(items,)*.
        scores: score of each item, *(items,)*.
        most: maximum number of items per row. Of equal scores, the earlier items are chosen.

    Returns:
        The indices, `int64`.
    """
    places = np.arange(len(rows))
    if not exceeds(rows, most):
        return places
    ends = np.bincount(rows).cumsum().tolist()
    kept = [first + np.argsort(-scores[first:end], kind="stable")[:most] for first, end in pairwise([0, *ends])]
    return np.sort(np.concatenate(kept))


def exceeds(rows: np.ndarray, most: int) -> bool:
    """Whether a row has more than `most` items; `rows` as in [`best_of_each`]."""
    return len(rows) > most and int(np.bincount(rows).max()) > most
