"""Annotated texts of every kind, and records of tools with something in them that should not be there."""

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from spert_hf.data.annotation.annotated_text import AnnotatedText, TextEntity, TextRelation
from spert_hf.data.annotation.report import Report

PIECES = [
    "a",
    "Mira",
    "Voss",
    " ",
    "  ",
    "\n",
    "\r\n",
    "\r",
    "\u2028",
    "\x85",
    ".",
    "-",
    "'",
    '"',
    "\\",
    "\u0308",
    "\x1c",
]
PIECES += [
    "🪐",
    "👩\u200d🚀",
    "Zoe\u0308",
    "é",
    "\ufeff",
    "\u200b",
    "日本",
    "مي",
    "\u1100\u1161",
    "🇩🇪",
    "1,5",
    "<b>",
    "\t",
]

texts = st.lists(st.sampled_from(PIECES) | st.characters(exclude_categories=["Cs"]), max_size=12).map("".join)
labels = st.sampled_from(["PER", "Org", "a b", "ü", "B-LOC", "|"])


@st.composite
def annotated_texts(draw: st.DrawFn, plain: bool = True) -> AnnotatedText:
    """A text with spans anywhere in it; with labels, in one piece and in one direction if it is to be plain."""
    text = draw(texts)
    name = labels if plain else st.none() | labels
    entities = []
    for _ in range(draw(st.integers(0, 4)) if text else 0):
        start = draw(st.integers(0, len(text) - 1))
        end = draw(st.integers(start + 1, len(text)))
        entity = TextEntity(draw(name), start, end)
        if not plain:
            entity.more_types = tuple(draw(st.lists(labels, max_size=2)))
            entity.score = draw(st.none() | st.floats(0, 1))
            if end - start > 2 and draw(st.booleans()):
                entity.fragments = ((start, start + 1), (end - 1, end))
        entities.append(entity)
    ends = st.integers(0, len(entities) - 1)
    relations = [
        TextRelation(draw(name), draw(ends), draw(ends), both_ways=not plain and draw(st.booleans()))
        for _ in range(draw(st.integers(0, 3)) if entities else 0)
    ]
    return AnnotatedText(text, entities, relations, draw(st.none() | st.just("7")))


def content(text: AnnotatedText) -> tuple[Any, ...]:
    """What a tool is to keep of a text."""
    return text.text, text.id, text.entities, text.relations


_leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=4)
_anything = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in a JSON value with each of its keys."""
    if isinstance(value, (dict, list)):
        for key in [*value] if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])


@st.composite
def spoilt(draw: st.DrawFn, record: dict[str, Any]) -> str:
    """A line of JSON that is the record, but for up to three values that are absent or anything else."""
    value = copy.deepcopy(record)
    for _ in range(draw(st.integers(1, 3))):
        places = [*_places(value)]
        if places:
            container, key = draw(st.sampled_from(places))
            if draw(st.integers(0, 3)):
                container[key] = draw(_anything)
            else:
                del container[key]
    return json.dumps(value)


def assert_sound(texts: list[AnnotatedText], report: Report) -> None:
    """What was read has only spans that are there and relations of them, and faults of a line each."""
    for text in texts:
        text.text.encode()
        for entity in text.entities:
            assert 0 <= entity.start < entity.end <= len(text.text)
            assert entity.type is None or entity.type.strip()
        for relation in text.relations:
            assert 0 <= relation.head < len(text.entities)
            assert 0 <= relation.tail < len(text.entities)
            assert relation.type is None or relation.type.strip()
    for fault in report.faults:
        assert len(str(fault)) < 1000
        assert fault.fault.given
        assert fault.fault.allowed
    assert all(len(line) < 1000 for line in report.lines())
    assert report.adds_up()
