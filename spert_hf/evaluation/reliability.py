"""Reliability of scores: how often items are right, in bins by score, and the expected calibration error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..model.messages import must, must_be

BIN_COUNT = 10


@dataclass(frozen=True)
class Bin:
    """The items whose score is in `[low, high)`; the last bin includes 1.

    `mean_score` and `share_right`, both from 0 to 1, are `None` for an empty bin.
    """

    low: float
    high: float
    count: int
    mean_score: float | None
    share_right: float | None


@dataclass(frozen=True)
class Reliability:
    """Bins of equal width, from 0 to 1."""

    bins: tuple[Bin, ...]

    @property
    def count(self) -> int:
        """Number of items."""
        return sum(part.count for part in self.bins)

    @property
    def mean_score(self) -> float | None:
        """Mean score of all items, from 0 to 1; `None` without items."""
        return _weighted([(part.count, part.mean_score) for part in self.bins])

    @property
    def share_right(self) -> float | None:
        """Share of the items that are right, from 0 to 1; `None` without items."""
        return _weighted([(part.count, part.share_right) for part in self.bins])

    @property
    def expected_calibration_error(self) -> float | None:
        """Difference between a bin's mean score and its share of right items, averaged over items, in percent.

        As in Naeini et al. (AAAI 2015) and Guo et al. (ICML 2017); `None` without items.
        """
        gaps = [
            (part.count, 100 * abs(part.mean_score - part.share_right))
            for part in self.bins
            if part.mean_score is not None and part.share_right is not None
        ]
        return _weighted(gaps)

    def to_dict(self) -> dict[str, Any]:
        """Return the error (`ece`, in percent), the other figures and the bins as plain JSON."""
        return {
            "ece": self.expected_calibration_error,
            "count": self.count,
            "mean_score": self.mean_score,
            "share_right": self.share_right,
            "bins": [asdict(part) for part in self.bins],
        }


def reliability(scores: Sequence[float], right: Sequence[bool], bin_count: int = BIN_COUNT) -> Reliability:
    """Sort items into bins.

    Args:
        scores: the score of each item, from 0 to 1.
        right: whether each item is right.
        bin_count: number of bins, which are of equal width.

    Raises:
        ValueError: if the lengths differ, or a score is not a number from 0 to 1.
    """
    if len(scores) != len(right):
        raise ValueError(must("right", f"have an item for each of the {len(scores)} scores", len(right)))
    members: list[list[tuple[float, bool]]] = [[] for _ in range(bin_count)]
    for score, is_right in zip(scores, right, strict=True):
        if not 0 <= score <= 1:
            raise ValueError(must_be("scores", "numbers from 0 to 1", score))
        members[min(int(score * bin_count), bin_count - 1)].append((score, is_right))
    return Reliability(tuple(_bin(items, number, bin_count) for number, items in enumerate(members)))


def _bin(items: list[tuple[float, bool]], number: int, bin_count: int) -> Bin:
    count = len(items)
    mean_score = sum(score for score, _ in items) / count if count else None
    share_right = sum(is_right for _, is_right in items) / count if count else None
    return Bin(number / bin_count, (number + 1) / bin_count, count, mean_score, share_right)


def _weighted(parts: Iterable[tuple[int, float | None]]) -> float | None:
    """Return the mean of figures weighted by their counts, without empty parts."""
    filled = [(count, figure) for count, figure in parts if figure is not None]
    return sum(count * figure for count, figure in filled) / sum(count for count, _ in filled) if filled else None
