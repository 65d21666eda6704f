"""Offsets in the units that annotation tools count in, as code points and back, in time linear in the text."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right

import regex

UNITS = ("code-points", "utf-16", "graphemes")
"""Code points; UTF-16 code units, of which characters such as emoji have two; characters as people count them."""

_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_GRAPHEMES = regex.compile(r"([ -~]+)(?=[ -~]|\Z)|\X")
"""One, or a run of plain characters that each are one, as what is behind it joins none of them."""


class Offsets:
    """The offsets of a text in one of [`UNITS`].

    Args:
        text: The text.
        unit: What its offsets count.
    """

    def __init__(self, text: str, unit: str) -> None:
        self._starts = _grapheme_starts(text) if unit == "graphemes" else None
        self._astral = [match.start() for match in _ASTRAL.finditer(text)] if unit == "utf-16" else []
        self._astral_units = [place + before for before, place in enumerate(self._astral)]
        self.length = len(text) + len(self._astral) if self._starts is None else self._starts[-1]
        """How many units the text has."""

    def to_code_points(self, offset: int) -> int | None:
        """The code point offset; `None` if it lies outside the text or inside a character.

        Of graphemes this is the start of the grapheme.
        """
        if not 0 <= offset <= self.length:
            return None
        if self._starts is not None:
            position = bisect_right(self._starts, offset) - 1  # the last one: those before it lie inside a grapheme
            return position if self._starts[position] == offset else None
        before = bisect_left(self._astral_units, offset)
        is_inside = before > 0 and self._astral_units[before - 1] == offset - 1
        return None if is_inside else offset - before

    def from_code_points(self, offset: int) -> int:
        """The offset in this unit of a code point offset from 0 to the text's length.

        Of a code point inside a grapheme this is the grapheme's end.
        """
        return offset + bisect_left(self._astral, offset) if self._starts is None else self._starts[offset]


def first_astral(text: str) -> int | None:
    """The place of the first character that takes two UTF-16 units, if there is any."""
    found = None if text.isascii() else _ASTRAL.search(text)
    return None if found is None else found.start()


def _grapheme_starts(text: str) -> list[int] | None:
    """For each code point and the text's end, the graphemes before it; `None` where both are the same."""
    starts, count = [0], 0
    for match in _GRAPHEMES.finditer(text):
        size, is_run = match.end() - match.start(), match.start(1) >= 0
        starts += range(count + 1, count + size + 1) if is_run else [count + 1] * size
        count += size if is_run else 1
    return None if len(starts) == starts[-1] + 1 else starts
