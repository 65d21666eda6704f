"""Line breaking of a text, into segments with positions, each of which is in the same entities from end to end."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..evaluation.visible_text import visible
from .text_width import text_width

TEXT_SIZE = 17.0
_CHUNK = 12
"""Characters after which a word that is wider than a line may break."""

_PARTS = re.compile(r"\r\n|[\n\r\v\f\x85\u2028\u2029]|[^\S\n\r\v\f\x85\u2028\u2029]+|\S+")


@dataclass(slots=True)
class Segment:
    """A word, white space, or a part of one.

    Args:
        text: the text to show.
        is_space: whether it is white space within a line.
        entities: indices of the entities that it is in.
        left: x coordinate of its left end, in pixels.
        width: its width in pixels.
    """

    text: str
    is_space: bool
    entities: tuple[int, ...]
    width: float
    left: float = 0.0

    @property
    def right(self) -> float:
        """The x coordinate of its right end."""
        return self.left + self.width


def is_right_to_left(text: str) -> bool:
    """Return whether the first letter with a direction runs from right to left."""
    directions = (unicodedata.bidirectional(character) for character in text)
    return next((direction != "L" for direction in directions if direction in ("L", "R", "AL")), False)


def break_lines(text: str, spans: Sequence[tuple[int, int]], width: float) -> list[list[Segment]]:
    """Break a text into lines of segments, from left to right.

    Args:
        text: the text.
        spans: character offsets of the entities, end exclusive.
        width: the maximum width of a line in pixels.
    """
    lines: list[list[Segment]] = [[]]
    used = 0.0
    word: list[Segment] = []

    def put_word() -> None:
        nonlocal used
        if not word:
            return
        if used and used + sum(part.width for part in word) > width:
            lines.append([])
            used = 0.0
        for part in word:
            if used and used + part.width > width:
                lines.append([])
                used = 0.0
            lines[-1].append(part)
            used += part.width
        word.clear()

    for segment in _segments(text, spans):
        if segment is not None and not segment.is_space:
            word.append(segment)
            continue
        put_word()
        if segment is None:
            lines.append([])
            used = 0.0
        elif used:  # no space at the beginning of a line
            lines[-1].append(segment)
            used += segment.width
    put_word()
    backwards = is_right_to_left(text)
    return [_place(line, width, backwards) for line in lines]


def _segments(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[Segment | None]:
    """Yield the segments of a text in order, and None for the end of a line."""
    borders = sorted({border for span in spans for border in span})
    starting: dict[int, list[int]] = {}
    ending: dict[int, list[int]] = {}
    for index, (start, end) in enumerate(spans):
        starting.setdefault(start, []).append(index)
        ending.setdefault(end, []).append(index)
    inside: dict[int, None] = {}
    place = 0
    for part in _PARTS.finditer(text):
        start = part.start()
        while start < part.end():
            while place < len(borders) and borders[place] <= start:
                for index in ending.get(borders[place], ()):
                    inside.pop(index, None)
                inside |= dict.fromkeys(starting.get(borders[place], ()))
                place += 1
            stop = min(part.end(), borders[place] if place < len(borders) else part.end())
            yield from _cut(text[start:stop], tuple(inside))
            start = stop


def _cut(part: str, entities: tuple[int, ...]) -> Iterator[Segment | None]:
    if part.isspace():
        is_break = part[0] in "\n\r\v\f\x85\u2028\u2029"
        yield None if is_break else Segment(" ", True, entities, text_width(" ", TEXT_SIZE))
        return
    for first in range(0, len(part), _CHUNK):
        shown = visible(part[first : first + _CHUNK]).replace("\ufffe", "�").replace("\uffff", "�")
        yield Segment(shown, False, entities, text_width(shown, TEXT_SIZE))


def _place(line: list[Segment], width: float, backwards: bool) -> list[Segment]:
    """Position a line's segments in visual order, with words of the other direction reversed."""
    while line and line[-1].is_space:
        line = line[:-1]
    against = _against(line, backwards)
    seen: list[Segment] = []
    run: list[Segment] = []
    for segment, is_against in zip(line, against, strict=True):
        if is_against:
            run.insert(0, segment)
            continue
        seen += [*run, segment]
        run = []
    seen += run
    if backwards:
        seen.reverse()
    left = width - sum(segment.width for segment in seen) if backwards else 0.0
    for segment in seen:
        segment.left = left
        left += segment.width
    return seen


def _against(line: Sequence[Segment], backwards: bool) -> list[bool]:
    """Return whether each segment runs against the text's direction, as one without direction between two such does."""
    own = [_direction(segment.text) for segment in line]
    result = []
    for index, direction in enumerate(own):
        if direction is None:
            before = next((one for one in reversed(own[:index]) if one is not None), backwards)
            behind = next((one for one in own[index + 1 :] if one is not None), backwards)
            direction = before if before == behind else backwards
        result.append(direction != backwards)
    return result


def _direction(text: str) -> bool | None:
    """Return whether a word runs from right to left; None if it has no direction."""
    directions = {unicodedata.bidirectional(character) for character in text}
    if directions & {"R", "AL"}:
        return True
    return False if "L" in directions else None
