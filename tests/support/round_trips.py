"""Texts that go through an annotation tool and come back, compared without order."""

from __future__ import annotations

from typing import Any

from spert_hf.data.annotation.annotated_text import AnnotatedText, TextEntity, TextRelation
from tests.support.annotation_files import as_expected

TEXTS = [
    AnnotatedText(
        "🪐👩‍🚀 Mira Voss founded Kestrel Labs\r\n  in Oldhaven 🏠.",
        [
            TextEntity("PER", 5, 14, score=0.9),
            TextEntity("ORG", 23, 35),
            TextEntity("LOC", 42, 50),
            TextEntity("ORG", 23, 50),
        ],
        [TextRelation("founded", 0, 1, score=0.8), TextRelation("based in", 1, 2), TextRelation("founded", 2, 1)],
        "a",
    ),
    AnnotatedText(
        'Mira <b>Voss</b> & "Kestrel" &amp; Co.', [TextEntity("A & B", 5, 16), TextEntity("PER", 0, 4)], [], "b"
    ),
    AnnotatedText("Nobody is here.", [], [], "c"),
]
ENTITY_TYPES = ("PER", "ORG", "LOC", "A & B")
RELATION_TYPES = ("founded", "based in")


def without_order(text: AnnotatedText) -> tuple[str, set[Any], set[Any]]:
    """The text, its entities and its relations, these by what they connect."""
    read = as_expected(text)
    entities = [tuple(each.values()) for each in read["entities"]]
    relations = {(each["type"], entities[each["head"]], entities[each["tail"]]) for each in read["relations"]}
    return read["text"], set(entities), relations
