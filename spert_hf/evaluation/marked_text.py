"""Sentences with entities marked in place, as in `[Marian Pell]Peop works`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .visible_text import visible


class Piece(NamedTuple):
    """A stretch of a marked sentence.

    `entity_type` is that of the entity that the stretch stands in or marks, or None. `is_mark` tells marks from tokens.
    """

    text: str
    entity_type: str | None
    is_mark: bool


def marked_pieces(tokens: Sequence[str], entities: Sequence[Mapping[str, Any]]) -> Iterator[Piece]:
    """Yield a sentence piece by piece, spaces included; entities that overlap nest or cross as they come.

    Args:
        tokens: of the sentence.
        entities: mappings with `type` and the token offsets `start` and `end` (exclusive).
    """
    for index, token in enumerate(tokens):
        if index:
            yield Piece(" ", None, False)
        for entity in entities:
            if entity["start"] == index:
                yield Piece("[", entity["type"], True)
        inside = [entity["type"] for entity in entities if entity["start"] <= index < entity["end"]]
        yield Piece(visible(token), inside[0] if inside else None, False)
        for entity in entities:
            if entity["end"] == index + 1:
                yield Piece(f"]{visible(entity['type'])}", entity["type"], True)


def marked_text(tokens: Sequence[str], entities: Sequence[Mapping[str, Any]]) -> str:
    """Return a sentence with entities marked; see [`marked_pieces`]."""
    return "".join(piece.text for piece in marked_pieces(tokens, entities))
