"""Spans of characters and the words that they touch: where each begins and ends among these, and words split there."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Ranges = list[tuple[int, int]]


def split_at(tokens: Iterable[tuple[int, int]], borders: Iterable[int]) -> Ranges:
    """The tokens, cut at the borders that lie inside one.

    Args:
        tokens: Characters `[start, end)` of each, in text order.
        borders: Characters, in any order.
    """
    cuts = sorted({*borders})
    split: Ranges = []
    for start, end in tokens:
        inside = cuts[bisect_right(cuts, start) : bisect_left(cuts, end)]
        split += zip([start, *inside], [*inside, end], strict=True)
    return split


@dataclass(frozen=True, slots=True)
class SpanOfWords:
    """A span of characters, without those at its ends that are in no word.

    Attributes:
        start: First character.
        end: The one after the last.
        words: Characters `[start, end)` from the first word that it touches to the last.
    """

    start: int
    end: int
    words: tuple[int, int]

    @property
    def cuts(self) -> set[int]:
        """Its borders that lie inside a word."""
        return {self.start, self.end} - {*self.words}


class WordPlaces:
    """Finds the words that spans touch.

    Args:
        words: Characters `[start, end)` of each, in text order.
    """

    def __init__(self, words: Sequence[tuple[int, int]]) -> None:
        self._starts, self._ends = [start for start, _ in words], [end for _, end in words]

    def fit(self, start: int, end: int) -> SpanOfWords | None:
        """Trim a span to the words that it touches; `None` if it touches none."""
        first, last = bisect_right(self._ends, start), bisect_left(self._starts, end) - 1
        if last < first:
            return None
        words = self._starts[first], self._ends[last]
        return SpanOfWords(max(start, words[0]), min(end, words[1]), words)
