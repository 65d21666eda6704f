"""Softmax-weighted means over ranges of sub-words, for any number of ranges at once and without a mask per range."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional


class AttentionPooler:
    """Pools ranges of positions of a batch of vectors, weighted by the softmax of the range's scores.

    Has the interface of [`RangePooler`][.span_pooling], with two look-ups per range, independent of its length; empty
    ranges are pooled to zeros. It uses a disjoint sparse table: for each power of two, blocks of twice as many
    positions, and for each position the result of pooling from there to the middle of its block. A range is merged from
    the parts before and after the middle of the smallest block that contains it. Cumulative sums would need less
    memory, but lose all precision for ranges whose scores are far below others of the row.

    Args:
        vectors: *(batch, positions, hidden)*.
        scores: *(batch, positions)*.
        longest: the maximum number of positions, if tables are to have the same number of levels for any number of
            them, as an exported graph needs.
    """

    def __init__(self, vectors: Tensor, scores: Tensor, longest: int | None = None) -> None:
        self._dtype = vectors.dtype
        self._rows, self._positions = scores.shape
        padded = max(2, 1 << ((self._positions if longest is None else longest) - 1).bit_length())
        padding = padded - self._positions
        self._doubles = torch.tensor([2 << level for level in range(padded.bit_length() - 2)], device=scores.device)
        single = _pool_single(functional.pad(vectors, (0, 0, 0, padding)), functional.pad(scores, (0, padding)))
        levels = [_of_each(lambda part: part[:, : self._positions], level) for level in _parts_by_level(single)]
        self._table = _of_each(lambda *parts: torch.stack(parts).flatten(0, 2), *levels)

    def __call__(self, rows: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
        """Pool the ranges `[starts, ends)` of the batch's `rows`.

        Args:
            rows, starts, ends: `int64`, *(ranges,)*.

        Returns:
            One vector per range, *(ranges, hidden)*.
        """
        firsts = starts.clamp(max=self._positions - 1)  # only an empty range can start past the last position
        lasts = (ends - 1).clamp(min=0)
        # The highest bit in which they differ. For a single position, merging two equal results changes nothing.
        level = ((firsts ^ lasts).unsqueeze(-1) >= self._doubles).sum(-1)
        place = (level * self._rows + rows) * self._positions
        mean = self._look_up(place + firsts).join(self._look_up(place + lasts)).mean.to(self._dtype)
        return mean * (ends > starts).to(mean.dtype).unsqueeze(-1)

    def _look_up(self, places: Tensor) -> "_Pooled":
        return _of_each(lambda part: part.index_select(0, places), self._table)


class _Pooled(NamedTuple):
    """The result of pooling ranges, in a form in which adjacent ranges can be merged.

    Args:
        peak: highest score, *(…, 1)*; a constant without gradient, as no result depends on it.
        total: sum of `exp(score - peak)`, from 1 to the range's length, *(…, 1)*.
        mean: the vectors, weighted by the softmax of their scores, *(…, hidden)*.
    """

    peak: Tensor
    total: Tensor
    mean: Tensor

    def join(self, other: "_Pooled") -> "_Pooled":
        """Merge each range with the corresponding range of another result."""
        peak = torch.maximum(self.peak, other.peak)
        own, others = self.total * (self.peak - peak).exp(), other.total * (other.peak - peak).exp()
        total = own + others
        return _Pooled(peak, total, torch.lerp(self.mean, other.mean, others / total))


def _of_each(function: Callable[..., Tensor], *pooled: _Pooled) -> _Pooled:
    return _Pooled(*(function(*parts) for parts in zip(*pooled, strict=True)))


def _pool_single(vectors: Tensor, scores: Tensor) -> _Pooled:
    """Pool each position as a separate range, *(batch, positions, …)*, at least in `float32`."""
    dtype = torch.promote_types(vectors.dtype, torch.float32)
    scores = scores.to(dtype).unsqueeze(-1)
    peak = scores.detach()
    return _Pooled(peak, (scores - peak).exp(), vectors.to(dtype))


def _parts_by_level(single: _Pooled) -> list[_Pooled]:
    """For blocks of 2, 4, 8, … positions, pool from each position to the middle of its block.

    Args:
        single: the positions, *(batch, positions, …)*; their number is a power of two.

    Returns:
        For each block size up to the number of positions, *(batch, positions, …)*.
    """
    # Results of pooling each block up to a position and from it on (inclusive), (batch, blocks, size, …).
    up_to = from_on = _of_each(lambda part: part.unsqueeze(2), single)
    levels = []
    while True:
        up_to_left, up_to_right = _halves(up_to)
        from_left, from_right = _halves(from_on)
        both = _of_each(_side_by_side, from_left, up_to_right)
        levels.append(_of_each(lambda part: part.flatten(1, 2), both))
        if both.total.shape[1] == 1:
            return levels
        left = _of_each(lambda part: part[:, :, -1:], up_to_left)
        right = _of_each(lambda part: part[:, :, :1], from_right)
        up_to = _of_each(_side_by_side, up_to_left, left.join(up_to_right))
        from_on = _of_each(_side_by_side, from_left.join(right), from_right)


def _halves(blocks: _Pooled) -> tuple[_Pooled, _Pooled]:
    """Split blocks into those at even and odd indices: the halves of blocks of twice the size."""
    return _of_each(lambda part: part[:, ::2], blocks), _of_each(lambda part: part[:, 1::2], blocks)


def _side_by_side(left: Tensor, right: Tensor) -> Tensor:
    return torch.cat((left, right), dim=2)
