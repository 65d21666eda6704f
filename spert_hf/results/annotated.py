"""A result of the pipeline with its text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..model.messages import must_be


class Annotated(NamedTuple):
    """A text with its entities and relations; `spans` are character offsets of the entities, `end` exclusive."""

    text: str
    spans: list[tuple[int, int]]
    entities: Sequence[Mapping[str, Any]]
    relations: Sequence[Mapping[str, Any]]


def annotate(result: Mapping[str, Any], text: Any, name: str) -> Annotated:
    """Combine a result with its text.

    Args:
        result: A result of the pipeline. Without a text, the ``text`` or ``tokens`` of a record written by ``spert-hf
            extract`` are used; for an input that was skipped, its ``error`` is used as the text.
        text: The string or the list of words that was given to the pipeline, or None.
        name: The name of the text in error messages.

    Raises:
        ValueError: If there is no text, or entities are not where they should be in it.
    """
    if result.get("error") is not None and not result["entities"]:
        return Annotated(str(result["error"]), [], [], [])
    text = next((one for one in (text, result.get("tokens"), result.get("text")) if one is not None), None)
    if isinstance(text, str):
        spans = [_offsets(entity, "start", "end", name) for entity in result["entities"]]
    elif isinstance(text, Sequence) and all(isinstance(word, str) for word in text):
        text, spans = _join(text, result["entities"], name)
    else:
        given = "none" if text is None else repr(text)[:80]
        raise ValueError(must_be(name, "the string or the list of words of the result", given))
    for entity, (start, end) in zip(result["entities"], spans, strict=True):
        words = entity["text"].split()
        if not words or not 0 <= start < end <= len(text) or text[start:end].split() != words:
            raise ValueError(must_be(name, "the text of the result", f"one without {entity['text'][:80]!r} at {start}"))
    return Annotated(text, spans, result["entities"], result["relations"])


def _join(words: Sequence[str], entities: Sequence[Any], name: str) -> tuple[str, list[tuple[int, int]]]:
    """Join words with spaces, and return the text and the character offsets of the entities."""
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word) + 1)
    spans = []
    for entity in entities:
        first, end = _offsets(entity, "token_start", "token_end", name)
        if not 0 <= first < end <= len(words):
            raise ValueError(must_be(name, "the words of the result", f"{len(words)} words"))
        spans.append((starts[first], starts[end] - 1))
    return " ".join(words), spans


def _offsets(entity: Mapping[str, Any], start: str, end: str, name: str) -> tuple[int, int]:
    if entity.get(start) is None or entity.get(end) is None:
        given, allowed = ("a string", "the list of words") if start == "start" else ("words", "the string")
        raise ValueError(must_be(name, f"{allowed} of the result", given))
    return entity[start], entity[end]
