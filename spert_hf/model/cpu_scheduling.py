"""Which sequences are computed together: those of similar length, as padding costs a CPU as much as words do.

How much that is can be said for encoders that compute no padding: it is what the rest of the model takes for it.
"""

import heapq
from collections.abc import Iterable, Sequence
from itertools import accumulate

BATCH_COST = 40
"""What one more batch costs a CPU, in sub-words of padding that may be computed instead. MiniLM-L6 on two cores
takes 3.0 ms a batch and 0.060 ms a sub-word, and anything from 20 to 130 is as good."""

PADDING_COST = 0.15
"""What a sub-word of padding costs where the encoder doesn't compute it, in sub-words that are computed."""

LARGEST_COMPARED = 128
"""Sequences beyond which no larger batch is considered: a CPU gains nothing from it."""

LEAST_SHARED = 128
"""Cost of an average batch, in sub-words, from which on torch computes batches side by side the quicker: before it,
Python, which runs one thread at a time, has too large a part in it."""

LARGEST_IMBALANCE = 1.1
"""Time of the worker with most to do over the average, up to which batches side by side are surely the quicker."""


def batches_by_length(
    items: Iterable[int], lengths: Sequence[int], batch_size: int, padding_cost: float | None
) -> list[list[int]]:
    """Group sequences into batches, the shortest first.

    Args:
        items: indices of the sequences.
        lengths: sub-words of each, by index.
        batch_size: most sequences of a batch.
        padding_cost: of a sub-word of padding, in sub-words, as [`EncoderRuntime.padding_cost`] says: the batches that
            cost least are formed, which may be smaller. `None`: all but the last are full.
    """
    order = sorted(items, key=lambda index: lengths[index])
    if padding_cost is None:
        return [order[first : first + batch_size] for first in range(0, len(order), batch_size)]
    most = min(batch_size, LARGEST_COMPARED)
    totals = [0, *accumulate(lengths[index] for index in order)]  # sub-words of the first so many
    cheapest: list[tuple[float, int]] = [(0, 0)]  # for the first so many: cost, and where the last batch starts
    for end in range(1, len(order) + 1):
        longest = lengths[order[end - 1]]
        cheapest.append(
            min(
                (
                    cheapest[start][0] + _cost_of(end - start, totals[end] - totals[start], longest, padding_cost),
                    start,
                )
                for start in range(max(0, end - most), end)
            )
        )
    batches = []
    end = len(order)
    while end:
        start = cheapest[end][1]
        batches.append(order[start:end])
        end = start
    return batches[::-1]


def share_out(
    batches: Iterable[Sequence[int]], lengths: Sequence[int], workers: int, padding_cost: float = 1.0, least: float = 0
) -> list[list[int]] | None:
    """Halve the costliest batches until workers that compute side by side are done at about the same time.

    Args:
        batches: of [`batches_by_length`], for a CPU.
        lengths: sub-words of each sequence, by index.
        workers: that take the batches in turn.
        padding_cost: as for [`batches_by_length`].
        least: cost of an average batch, in sub-words, below which nothing is shared out.

    Returns:
        The batches, the costliest first; `None` where there are too few sequences to be shared out, or the batches
        would be too small.
    """

    def cost(batch: Sequence[int]) -> float:
        of_each = [lengths[index] for index in batch]
        return _cost_of(len(batch), sum(of_each), max(of_each), padding_cost)

    costliest = [(-cost(batch), list(batch)) for batch in batches]
    heapq.heapify(costliest)
    while costliest:
        shared = sorted(costliest)
        costs = [-negated for negated, _ in shared]
        if sum(costs) < least * len(costs):
            break
        if _imbalance(costs, workers) <= LARGEST_IMBALANCE:
            return [batch for _, batch in shared]
        _, largest = heapq.heappop(costliest)
        if len(largest) == 1:
            break
        for half in (largest[: len(largest) // 2], largest[len(largest) // 2 :]):
            heapq.heappush(costliest, (-cost(half), half))
    return None


def _cost_of(count: int, total: int, longest: int, padding_cost: float) -> float:
    """What a batch costs a CPU, in sub-words.

    Args:
        count: its sequences.
        total: their sub-words.
        longest: sub-words of the longest.
        padding_cost: as for [`batches_by_length`].
    """
    return BATCH_COST + total + padding_cost * (count * longest - total)


def _imbalance(costs: Iterable[float], workers: int) -> float:
    """What the worker with most to do has over the average, when each takes the next one as soon as it is free."""
    busy = [0.0] * workers
    for cost in costs:
        heapq.heapreplace(busy, busy[0] + cost)
    return max(busy) * workers / sum(busy)
