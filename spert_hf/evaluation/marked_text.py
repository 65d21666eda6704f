"""Sentences with entities marked in brackets, as in `[Marian Pell]Peop works`.

Brackets nest as usual: if entities end together, the inner one is closed first. Entities that cross can't nest, so both
brackets of each have a number, as in `[¹Marian [²Pell]¹Peop of]²Org`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .visible_text import visible

_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


class Piece(NamedTuple):
    """A piece of a marked sentence.

    `entity_type` is the type of the entity that the piece marks, or of the innermost entity around it, or `None`.
    `is_mark` tells marks from text.
    """

    text: str
    entity_type: str | None
    is_mark: bool


class _Span(NamedTuple):
    """An entity to mark: its token offsets (`end` exclusive), its type, and its number if it crosses another one."""

    start: int
    end: int
    type: str
    number: str = ""


def marked_pieces(
    tokens: Sequence[str], entities: Sequence[Mapping[str, Any]], gaps: Sequence[str] | None = None
) -> Iterator[Piece]:
    """Yield a sentence piece by piece, spaces included.

    Args:
        tokens: the tokens of the sentence.
        entities: mappings with `type` and the token offsets `start` and `end` (exclusive), in any order. The first of
            several equal spans is the outermost.
        gaps: the white space before each token. Default: a space before each but the first.
    """
    spans = _numbered([_Span(entity["start"], entity["end"], entity["type"]) for entity in entities])
    opened: list[_Span] = []
    for index, token in enumerate(tokens):
        gap = (" " if index else "") if gaps is None else gaps[index]
        if gap:
            yield Piece(gap, None, False)
        for span in spans:
            if span.start == index:
                opened.append(span)
                yield Piece(f"[{span.number}", span.type, True)
        innermost = min(reversed(opened), key=lambda span: span.end - span.start, default=None)
        yield Piece(visible(token), innermost.type if innermost else None, False)
        for span in [span for span in reversed(opened) if span.end == index + 1]:
            opened.remove(span)
            yield Piece(f"]{span.number}{visible(span.type)}", span.type, True)


def marked_text(tokens: Sequence[str], entities: Sequence[Mapping[str, Any]]) -> str:
    """Return a sentence with entities marked; see [`marked_pieces`]."""
    return "".join(piece.text for piece in marked_pieces(tokens, entities))


def _numbered(spans: Sequence[_Span]) -> list[_Span]:
    """Sort spans in the order of their opening brackets, outer ones first, and number those that cross another."""
    spans = sorted(spans, key=lambda span: (span.start, -span.end))
    crossing = [any(_cross(span, other) for other in spans) for span in spans]
    numbers = iter(range(1, len(spans) + 1))
    return [
        span._replace(number=str(next(numbers)).translate(_SUPERSCRIPTS)) if crosses else span
        for span, crosses in zip(spans, crossing, strict=True)
    ]


def _cross(first: _Span, second: _Span) -> bool:
    """Return whether two spans overlap and neither contains the other."""
    return first.start < second.start < first.end < second.end or second.start < first.start < second.end < first.end
