"""Tokens and sentences for formats that hold them beside the mentions: no mention begins, ends or lies across one."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import cache

from ...model.text_reader import TextReader
from ...model.text_reading import TextReading
from ..word_spans import Ranges, split_at


def borders_of(spans: Iterable[tuple[int, int]]) -> set[int]:
    """Where spans begin or end."""
    return {border for span in spans for border in span}


def tokens_and_sentences(text: str, spans: Sequence[tuple[int, int]]) -> tuple[Ranges, Ranges]:
    """The words and sentences of a text as a model with the default reading sees them, fitted to spans.

    Words are cut at the borders of spans, and sentences that a span lies across are one.

    Args:
        text: The text.
        spans: Characters `[start, end)` of its mentions.

    Returns:
        The characters `[start, end)` of tokens, and those of sentences.
    """
    read = _reader()(text)
    if not read.words:
        return [], []
    firsts = [read.words[first][0] for first, _ in read.sequences]
    inside = {first for start, end in spans for first in firsts[bisect_right(firsts, start) : bisect_left(firsts, end)]}
    sentences: Ranges = []
    for first, last in read.sequences:
        start, end = read.words[first][0], read.words[last - 1][1]
        if start in inside and sentences:  # white space before the first one may be in a mention, too
            start = sentences.pop()[0]
        sentences.append((start, end))
    return split_at(read.words, borders_of(spans)), sentences


@cache
def _reader() -> TextReader:
    return TextReader(TextReading())
