"""Which sequences are computed together: those of similar length, as padding costs a processor as much as words do."""

from collections.abc import Iterable, Sequence

BATCH_COST = 40
"""What one more batch costs a processor, in sub-words of padding that may be computed instead. MiniLM-L6 on two cores
takes 3.0 ms a batch and 0.060 ms a sub-word, and anything from 20 to 130 is as good."""

LARGEST_COMPARED = 128
"""Sequences beyond which no larger batch is considered: a processor gains nothing from it."""


def batches_by_length(items: Iterable[int], lengths: Sequence[int], batch_size: int, on_cpu: bool) -> list[list[int]]:
    """Group sequences into batches, the shortest first.

    Args:
        items: indices of the sequences.
        lengths: sub-words of each, by index.
        batch_size: most sequences of a batch.
        on_cpu: form the batches that cost a processor least, which may be smaller; otherwise, for accelerators,
            all but the last are full.
    """
    order = sorted(items, key=lambda index: lengths[index])
    if not on_cpu:
        return [order[first : first + batch_size] for first in range(0, len(order), batch_size)]
    most = min(batch_size, LARGEST_COMPARED)
    cheapest: list[tuple[int, int]] = [(0, 0)]  # for the first so many: cost, and where the last batch starts
    for end in range(1, len(order) + 1):
        longest = lengths[order[end - 1]]
        starts = range(max(0, end - most), end)
        cheapest.append(min((cheapest[start][0] + BATCH_COST + (end - start) * longest, start) for start in starts))
    batches = []
    end = len(order)
    while end:
        start = cheapest[end][1]
        batches.append(order[start:end])
        end = start
    return batches[::-1]
