"""Batching of sequences of similar length, as padding costs as much as words on a CPU.

With sequence packing, the cost of padding is that in the rest of the model.
"""

import heapq
from collections.abc import Iterable, Sequence
from itertools import accumulate

BATCH_COST = 40
"""The cost of an additional batch on a CPU, in sub-words of padding. MiniLM-L6 on two cores takes 3.0 ms per batch and
0.060 ms per sub-word; values from 20 to 130 are equally good."""

PADDING_COST = 0.15
"""The relative cost of padding with sequence packing."""

LARGEST_COMPARED = 128
"""The maximum batch size, beyond which a CPU is not faster."""

LEAST_SHARED = 128
"""The cost of an average batch, in sub-words, from which on parallel batches are faster with torch: smaller batches are
limited by Python, which runs one thread at a time."""

LARGEST_IMBALANCE = 1.1
"""The ratio of the longest to the average time of a worker up to which parallel batches are surely faster."""


def batches_by_length(
    items: Iterable[int], lengths: Sequence[int], batch_size: int, padding_cost: float | None
) -> list[list[int]]:
    """Group sequences into batches, the shortest first.

    Args:
        items: indices of the sequences.
        lengths: number of sub-words of each sequence, by index.
        batch_size: maximum number of sequences in a batch.
        padding_cost: relative cost of padding, see [`EncoderRuntime.padding_cost`]; batches are formed with the minimum
            total cost, and may be smaller. `None`: all batches but the last are full.

    Returns:
        The indices of each batch.
    """
    order = sorted(items, key=lambda index: lengths[index])
    if padding_cost is None:
        return [order[first : first + batch_size] for first in range(0, len(order), batch_size)]
    most = min(batch_size, LARGEST_COMPARED)
    totals = [0, *accumulate(lengths[index] for index in order)]  # sub-words of the first n
    cheapest: list[tuple[float, int]] = [(0, 0)]  # for the first n: cost, and start of the last batch
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
    """Halve the most expensive batches until parallel workers finish at about the same time.

    Args:
        batches: the output of [`batches_by_length`], for a CPU.
        lengths: number of sub-words of each sequence, by index.
        workers: number of workers.
        padding_cost: as for [`batches_by_length`].
        least: minimum cost of an average batch, in sub-words, for parallel computation.

    Returns:
        The batches, the most expensive first; `None` if there are too few sequences, or batches would be too small.
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
    """Return the cost of a batch on a CPU, in sub-words.

    Args:
        count: number of sequences.
        total: number of sub-words.
        longest: number of sub-words of the longest sequence.
        padding_cost: as for [`batches_by_length`].
    """
    return BATCH_COST + total + padding_cost * (count * longest - total)


def _imbalance(costs: Iterable[float], workers: int) -> float:
    """Return the ratio of the longest to the average work of workers that take the next batch as soon as possible."""
    busy = [0.0] * workers
    for cost in costs:
        heapq.heapreplace(busy, busy[0] + cost)
    return max(busy) * workers / sum(busy)
