"""Pooling of ranges of sub-words, for any number of ranges at once and without a mask per range."""

from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from .tracing import is_computed_plainly

Pooler = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Pools ranges of positions to vectors, *(ranges, hidden)*, like [`RangePooler`]."""


class RangePooler:
    """Pools ranges of positions of a batch of vectors with two look-ups per range, independent of its length.

    `"max"` uses a sparse table: for each power of two, the maxima of that many positions from each position on. Any
    range is covered by two such blocks, which may overlap. `"sum"` and `"mean"` use cumulative sums. Empty ranges are
    pooled to zeros (like an empty context in the published SpERT code).

    Args:
        vectors: *(batch, positions, hidden)*.
        pooling: `"max"`, `"mean"` or `"sum"`.
        longest: maximum length of a range, in positions.
        is_static: whether tables have the same number of levels and sizes for any number of positions, as an exported
            graph needs. Otherwise, there is nothing in them that can't be looked up, which is faster.
    """

    def __init__(self, vectors: Tensor, pooling: str, longest: int, is_static: bool = False) -> None:
        self.pooling = pooling
        self._dtype = vectors.dtype
        _, self._positions, hidden = vectors.shape
        if pooling == "max" and is_static:
            tables = _padded_maxima_of_powers(vectors, longest)
        else:
            tables = _maxima_of_powers(vectors, longest) if pooling == "max" else [_running_sums(vectors)]
        self._widths = torch.tensor([1 << level for level in range(len(tables))], device=vectors.device)
        starts = [0, *accumulate(table.shape[1] for table in tables)]
        self._level_starts = _as_tensor(starts[:-1], vectors.device)
        self._row_size = starts[-1]
        self._table = (torch.cat(tables, dim=1) if len(tables) > 1 else tables[0]).reshape(-1, hidden)

    def __call__(self, rows: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
        """Pool the ranges `[starts, ends)` of the batch's `rows`.

        Args:
            rows, starts, ends: `int64`, *(ranges,)*.

        Returns:
            One vector per range, *(ranges, hidden)*.
        """
        lengths = ends - starts
        pooled = self._maximum(rows, starts, ends) if self.pooling == "max" else self._sum(rows, starts, ends)
        if self.pooling == "mean":
            pooled = pooled / lengths.clamp(min=1).unsqueeze(-1)
        # An in-place product: filling with a mask takes several times as long as the look-up.
        return pooled.mul_((lengths > 0).to(pooled.dtype).unsqueeze(-1))

    def _maximum(self, rows: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
        lengths = (ends - starts).clamp(min=1)
        level = (lengths.unsqueeze(-1) >= self._widths[1:]).sum(-1)  # floor(log2(length)), exactly
        first = rows * self._row_size + self._level_starts[level]
        last_start = (ends - self._widths[level]).clamp(min=0)
        starts = starts.clamp(max=self._positions - 1)  # only an empty range can start past the last position
        return _maximum(self._look_up(first + starts), self._look_up(first + last_start))

    def _sum(self, rows: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
        first = rows * self._row_size
        return (self._look_up(first + ends) - self._look_up(first + starts)).to(self._dtype)

    def _look_up(self, positions: Tensor) -> Tensor:
        return self._table.index_select(0, positions)


def _maximum(some: Tensor, others: Tensor) -> Tensor:
    """The elementwise maximum of two tensors of the same shape."""
    if torch.is_grad_enabled() and is_computed_plainly():
        return _Maximum.apply(some, others)
    return torch.maximum(some, others)


class _Maximum(torch.autograd.Function):
    """`torch.maximum` with a backward pass of three operations instead of nine.

    For equal numbers, the second one gets the whole gradient; in the published code, too, only one position gets it.
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
    """Compute maxima of 1, 2, 4, … positions from each position on, each *(batch, positions, hidden)*."""
    levels = [vectors]
    width = 1
    while 2 * width <= min(longest, vectors.shape[1]):
        levels.append(_maximum(levels[-1][:, :-width], levels[-1][:, width:]))
        width *= 2
    return levels


def _padded_maxima_of_powers(vectors: Tensor, longest: int) -> list[Tensor]:
    """Do what [`_maxima_of_powers`] does for any number of positions, each level with all of them.

    Those that reach beyond the end have the maximum up to there, which is not looked up.
    """
    levels = [vectors]
    positions = torch.arange(vectors.shape[1], device=vectors.device)
    width = 1
    while 2 * width <= longest:
        following = (positions + width).clamp(max=vectors.shape[1] - 1)
        levels.append(torch.maximum(levels[-1], levels[-1].index_select(1, following)))
        width *= 2
    return levels


def _as_tensor(numbers: list[int], device: torch.device) -> Tensor:
    """Make a tensor of numbers, of which an exported graph may have to compute some."""
    return torch.stack([torch.full((), number, dtype=torch.int64, device=device) for number in numbers])


def _running_sums(vectors: Tensor) -> Tensor:
    """Compute sums of the first 0, 1, 2, … positions, *(batch, positions + 1, hidden)*, at least in `float32`."""
    sums = vectors.to(torch.promote_types(vectors.dtype, torch.float32)).cumsum(1)
    return functional.pad(sums, (0, 0, 1, 0))


def pool_words(pooler: RangePooler, word_offsets: Tensor) -> Tensor:
    """Pool the sub-words of each word.

    Args:
        pooler: the pooler of the sub-words.
        word_offsets: first sub-word of each word, then the end of the last word, *(batch, words + 1)*; padded words
            are empty (their offset is the end).

    Returns:
        Word vectors, *(batch, words, hidden)*; zero for padded words.
    """
    batch, words = word_offsets.shape[0], word_offsets.shape[1] - 1
    rows = torch.arange(batch, device=word_offsets.device).unsqueeze(-1).expand(batch, words).reshape(-1)
    pooled = pooler(rows, word_offsets[:, :-1].reshape(-1), word_offsets[:, 1:].reshape(-1))
    return pooled.view(batch, words, -1)


def pool_spans_by_size(words: Tensor, counts: Tensor, pooling: str, sizes: int) -> Iterator[Tensor]:
    """Yield the vectors of all spans of 1, 2, … `sizes` words, each size computed from the previous one.

    Args:
        words: word vectors with the same pooling, *(batch, words, hidden)*.
        counts: number of sub-words of each word, *(batch, words)*.
        pooling: `"max"`, `"mean"` or `"sum"`.
        sizes: the largest size.

    Yields:
        Span vectors of one size, *(batch, words, hidden)*, sorted by first word. Those of spans beyond the end are
        meaningless; they are included so that all sizes have the same shape.
    """
    length = words.shape[1]
    if pooling == "mean":
        sums = pool_spans_by_size(words * counts.unsqueeze(-1), counts, "sum", sizes)
        totals = pool_spans_by_size(counts.unsqueeze(-1), counts, "sum", sizes)
        yield from (spans / total.clamp(min=1) for spans, total in zip(sums, totals, strict=True))
        return
    combine = torch.maximum if pooling == "max" else torch.add
    following = functional.pad(words, (0, 0, 0, sizes - 1))
    spans = words
    yield spans
    for size in range(2, sizes + 1):
        spans = combine(spans, following.narrow(1, size - 1, length))
        yield spans
