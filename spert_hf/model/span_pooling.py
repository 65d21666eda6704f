"""Pooling over ranges of sub-words, for any number of ranges at once and without a mask per range."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from .tracing import is_computed_plainly

Pooler = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Gives a vector for each range of positions, as [`RangePooler`] does: *(ranges, hidden)*."""


class RangePooler:
    """Pools ranges of positions of a batch of vectors: two look-ups a range, whatever the range's length.

    For `"max"` it holds, for each power of two, the maximum of as many positions from each position on (a sparse
    table): any range is covered by two such blocks, which may overlap without harm. For `"sum"` and `"mean"` it holds
    running sums. The empty range gives a zero vector (as the published SpERT code does for an empty context).

    Args:
        vectors: the vectors, *(batch, positions, hidden)*.
        pooling: `"max"`, `"mean"` or `"sum"`.
        longest: length of the longest range that will be asked for, in positions.
    """

    def __init__(self, vectors: Tensor, pooling: str, longest: int) -> None:
        self.pooling = pooling
        self._dtype = vectors.dtype
        rows, self._positions, hidden = vectors.shape
        tables = _maxima_of_powers(vectors, longest) if pooling == "max" else [_running_sums(vectors)]
        sizes = torch.tensor([0] + [table.shape[1] for table in tables], device=vectors.device)
        self._level_starts = sizes.cumsum(0)
        self._row_size = sum(table.shape[1] for table in tables)
        self._table = (torch.cat(tables, dim=1) if len(tables) > 1 else tables[0]).reshape(
            rows * self._row_size, hidden
        )

    def __call__(self, rows: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
        """Pool the ranges `[starts, ends)` of the batch's `rows`.

        Args:
            rows, starts, ends: integers, *(ranges,)*.

        Returns:
            One vector a range, *(ranges, hidden)*.
        """
        lengths = ends - starts
        pooled = self._maximum(rows, starts, ends) if self.pooling == "max" else self._sum(rows, starts, ends)
        if self.pooling == "mean":
            pooled = pooled / lengths.clamp(min=1).unsqueeze(-1)
        # A product in place: filling by a mask costs several times the look-up.
        return pooled.mul_((lengths > 0).to(pooled.dtype).unsqueeze(-1))

    def _maximum(self, rows: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
        lengths = (ends - starts).clamp(min=1)
        level = torch.frexp(lengths.float()).exponent.long() - 1  # floor(log2(length)), exactly
        first = rows * self._row_size + self._level_starts[level]
        last_start = (ends - (1 << level)).clamp(min=0)
        starts = starts.clamp(max=self._positions - 1)  # only an empty range can start past the last position
        return _maximum(self._look_up(first + starts), self._look_up(first + last_start))

    def _sum(self, rows: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
        first = rows * self._row_size
        return (self._look_up(first + ends) - self._look_up(first + starts)).to(self._dtype)

    def _look_up(self, positions: Tensor) -> Tensor:
        return self._table.index_select(0, positions)


def _maximum(some: Tensor, others: Tensor) -> Tensor:
    """The larger of two numbers each, of tensors of the same shape."""
    if torch.is_grad_enabled() and is_computed_plainly():
        return _Maximum.apply(some, others)
    return torch.maximum(some, others)


class _Maximum(torch.autograd.Function):
    """Torch's maximum with a gradient of three steps instead of nine.

    Of two equal numbers the second has all of it, as the published code's maximum gives it to one position, too.
    """

    @staticmethod
    def forward(context: Any, some: Tensor, others: Tensor) -> Tensor:
        context.save_for_backward(some, others)
        return torch.maximum(some, others)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        some, others = (saved.detach() for saved in context.saved_tensors)
        is_larger = torch.empty_like(some, memory_format=torch.contiguous_format)
        of_some = gradient * torch.gt(some, others, out=is_larger)
        return of_some, gradient - of_some


def _maxima_of_powers(vectors: Tensor, longest: int) -> list[Tensor]:
    """Maxima of 1, 2, 4, … positions from each position on, as far as they reach, each *(batch, positions, hidden)*."""
    levels = [vectors]
    width = 1
    while 2 * width <= min(longest, vectors.shape[1]):
        levels.append(_maximum(levels[-1][:, :-width], levels[-1][:, width:]))
        width *= 2
    return levels


def _running_sums(vectors: Tensor) -> Tensor:
    """Sums of the first 0, 1, 2, … positions, *(batch, positions + 1, hidden)*, at least in single precision."""
    sums = vectors.to(torch.promote_types(vectors.dtype, torch.float32)).cumsum(1)
    return functional.pad(sums, (0, 0, 1, 0))


def pool_words(pooler: RangePooler, word_offsets: Tensor) -> Tensor:
    """Pool the sub-words of each word.

    Args:
        pooler: over the sub-words.
        word_offsets: first sub-word of each word, and the end of the last one, *(batch, words + 1)*; padded words are
            empty (their offset is the end).

    Returns:
        Word vectors, *(batch, words, hidden)*; zero for padded words.
    """
    batch, words = word_offsets.shape[0], word_offsets.shape[1] - 1
    rows = torch.arange(batch, device=word_offsets.device).repeat_interleave(words)
    pooled = pooler(rows, word_offsets[:, :-1].reshape(-1), word_offsets[:, 1:].reshape(-1))
    return pooled.view(batch, words, -1)


def pool_spans_by_size(words: Tensor, counts: Tensor, pooling: str, max_span_size: int) -> Iterator[Tensor]:
    """Yield the vectors of all spans of 1, then 2, … `max_span_size` words, each size from the one before.

    Args:
        words: word vectors of the same pooling, *(batch, words, hidden)*.
        counts: sub-words of each word, *(batch, words)*.

    Yields:
        Span vectors of one size, *(batch, words, hidden)*, in the order of their first word. The last ones would run
        over the end: they are there, so that all sizes have one shape, but mean nothing.
    """
    most, length = min(max_span_size, words.shape[1]), words.shape[1]
    if pooling == "mean":
        sums = pool_spans_by_size(words * counts.unsqueeze(-1), counts, "sum", most)
        totals = pool_spans_by_size(counts.unsqueeze(-1), counts, "sum", most)
        yield from (spans / total.clamp(min=1) for spans, total in zip(sums, totals, strict=True))
        return
    combine = torch.maximum if pooling == "max" else torch.add
    following = functional.pad(words, (0, 0, 0, most - 1))
    spans = words
    yield spans
    for size in range(2, most + 1):
        spans = combine(spans, following.narrow(1, size - 1, length))
        yield spans
