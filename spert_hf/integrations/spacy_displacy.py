"""Relations as a drawing of displaCy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from spacy.tokens import Doc, Span

from .spacy_annotations import relations_of


def relations_to_displacy(doc: Doc, spans_key: str = "spert") -> dict[str, Any]:
    """Give the relations of a doc as displaCy draws dependencies.

    ```python
    displacy.render(relations_to_displacy(doc), style="dep", manual=True)
    ```

    Entities are one word each, with their label below; of overlapping ones the shorter, and arcs of the longer begin
    at a word of it that is no entity. An arc points from head to tail. A relation whose ends are the same word is not
    drawn.

    Args:
        doc: The doc.
        spans_key: The group of `doc.spans` with the entities.

    Returns:
        `{"words": [{"text", "tag"}], "arcs": [{"start", "end", "label", "dir"}]}`.
    """
    words = _words(doc, doc.spans.get(spans_key, []))
    numbers = {word.start: number for number, word in enumerate(words)}
    arcs = []
    for relation in relations_of(doc, spans_key):
        head, tail = (_position(words, numbers, end) for end in relation[:2])
        if head != tail:
            direction = "right" if head < tail else "left"
            ends = {"start": min(head, tail), "end": max(head, tail)}
            arcs.append({**ends, "label": escape(relation.label), "dir": direction})
    # displaCy escapes texts, but no labels.
    return {"words": [{"text": word.text, "tag": escape(word.label_)} for word in words], "arcs": arcs}


def _words(doc: Doc, entities: Sequence[Span]) -> list[Span]:
    """The doc in spans: entities that do not overlap, the shorter first, and the single tokens between them."""
    at: dict[int, Span] = {}
    for entity in sorted(entities, key=len):
        if not any(token in at for token in range(entity.start, entity.end)):
            at |= dict.fromkeys(range(entity.start, entity.end), entity)
    spans = [at.get(token.i, doc[token.i : token.i + 1]) for token in doc]
    return [span for token, span in enumerate(spans) if span.start == token]


def _position(words: Sequence[Span], numbers: Mapping[int, int], end: Span) -> int:
    """The word that an end of a relation is, or the first of its words that is no other entity.

    Args:
        words: All words.
        numbers: Positions of words by their first tokens.
        end: The span.
    """
    within = [numbers[token] for token in range(end.start, end.end) if token in numbers]
    own = [number for number in within if not words[number].label or len(words[number]) == len(end)]
    return [*own, *within][0]
