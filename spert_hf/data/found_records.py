"""What `extract` has written as annotated documents: people correct it, and train on it.

Such a record has a text, entities with character offsets in it, and relations; or tokens, and entities with
`token_start` and `token_end`. Here it becomes one in SpERT's JSON form, with its text kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..model.messages import integer
from ..model.words import rules, spaces_and_punctuation, split_at_spaces, split_into_characters
from .faults import Fault, is_text, short_repr

SplitWords = Callable[[str], list[tuple[int, int]]]

_OFFSETS = ("start", "end")

_SKIPPED = re.compile(r"input \d+: ")
"""What the pipeline's `error` begins with."""


def is_found_record(record: object) -> bool:
    """Whether a record has the form of what `extract` writes, and not SpERT's: it has entities, and its offsets.

    A text without `entities` is not one: whoever gives the input of `extract` in place of its output is to be told.
    """
    if not isinstance(record, Mapping) or not isinstance(record.get("entities"), list):
        return False
    if "tokens" not in record:
        return "text" in record
    return _was_skipped(record) or any(_counts_tokens(item) for item in record["entities"])


def choose_words(records: Iterable[Mapping[str, Any]]) -> SplitWords:
    """Choose how the texts of records become words: as the model has read them that found their entities.

    It is not recorded, but seen: that way is taken in which most entities begin and end at a word, and of equals the
    one that gives them their token offsets most often. Those that were corrected by hand may have none, or old ones.

    Args:
        records: those of a file, of [`is_found_record`].
    """
    texts = [(record["text"], record["entities"]) for record in records if _has_text(record) and record["entities"]]
    ways: list[SplitWords] = [rules(()), spaces_and_punctuation(()), split_at_spaces]
    fits = []
    for way in ways:
        fits.append(_fit(way, texts))
        if fits[-1] == _whole(texts):
            return way
    best = max(fits)
    # Any offset is at a character's end, so that this tells nothing, and would hide offsets that are wrong.
    if _fit(split_into_characters, texts)[1] > best[1]:
        return split_into_characters
    return ways[fits.index(best)]


def to_annotated(record: Mapping[str, Any], split: SplitWords) -> tuple[dict[str, Any], list[Fault]]:
    """A record in SpERT's JSON form, and the faults of its text and of its entities' offsets.

    An entity whose offsets are at fault keeps its place, on the first token, so that relations can be checked.

    Args:
        record: One of [`is_found_record`].
        split: How its text becomes words.
    """
    if _was_skipped(record):
        given = f"{short_repr(record['error'])}: nothing was looked for there, which is not that there is nothing"
        fault = Fault("error", given, "absent")
        return {**record, "tokens": ["?"], "entities": [], "relations": []}, [fault]
    if "tokens" in record:
        entities = [_by_tokens(item) if _counts_tokens(item) else item for item in record["entities"]]
        return {**record, "entities": entities}, []
    if not _has_text(record) or not record["text"].strip():
        return {**record, "tokens": ["?"], "entities": [], "relations": []}, [
            Fault("text", short_repr(record["text"]), "a text of valid Unicode that is more than white space")
        ]
    text, faults = record["text"], []
    words = split(text)
    places = _Places(words)
    entities = []
    for number, item in enumerate(record["entities"]):
        if isinstance(item, Mapping):
            wrong = [*_check_offsets(item, text)] or [*_check_words(item, text, places)]
            faults += [replace(fault, field=f"entities[{number}].{fault.field}") for fault in wrong]
            start, end = (0, 1) if wrong else places.of(item)
            item = {**item, "start": start, "end": end}
        entities.append(item)
    return {**record, "tokens": [text[start:end] for start, end in words], "entities": entities}, faults


def name_token_offsets(record: Mapping[str, Any], fault: Fault) -> Fault:
    """A fault of an annotated record's offset, by the name that it has in the record that it was made of."""
    for place, item in enumerate(record["entities"]):
        if "tokens" in record and _counts_tokens(item):
            for name in _OFFSETS:
                if fault.field == f"entities[{place}].{name}":
                    return replace(fault, field=f"entities[{place}].token_{name}")
    return fault


def _was_skipped(record: Mapping[str, Any]) -> bool:
    """Whether the pipeline says in its `error` that it could not take this input; others may have such a field, too."""
    error = record.get("error")
    return not record["entities"] and isinstance(error, str) and _SKIPPED.match(error) is not None


def _has_text(record: Mapping[str, Any]) -> bool:
    return "tokens" not in record and is_text(record.get("text"))


def _counts_tokens(item: object) -> bool:
    """Whether an entity's offsets are of tokens by name, and there are no others."""
    return isinstance(item, Mapping) and "token_start" in item and not any(name in item for name in _OFFSETS)


def _by_tokens(item: Mapping[str, Any]) -> dict[str, Any]:
    offsets = {name: item[f"token_{name}"] for name in _OFFSETS if f"token_{name}" in item}
    return {**item, **offsets}


def _is_offset(value: object, text: str) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= len(text)


class _Places:
    """Which words of a text begin and end at which character.

    Args:
        words: character offsets of each word.
    """

    def __init__(self, words: list[tuple[int, int]]) -> None:
        self.words = words
        self.by_offset = {
            "start": {start: place for place, (start, _) in enumerate(words)},
            "end": {end: place for place, (_, end) in enumerate(words, start=1)},
        }

    def of(self, item: Any) -> tuple[Any, ...]:
        """The token offsets of an entity; `None` for each that is missing or does not lie at a word."""
        if not isinstance(item, Mapping):
            return (None, None)
        given = {name: item.get(name) for name in _OFFSETS}
        return tuple(
            self.by_offset[name].get(offset) if isinstance(offset, int) else None for name, offset in given.items()
        )

    def word_around(self, offset: int) -> tuple[int, int] | None:
        """The word inside which a character offset lies, if it does."""
        return next((word for word in self.words if word[0] < offset < word[1]), None)


def _check_offsets(item: Mapping[str, Any], text: str) -> Iterator[Fault]:
    """The faults of an entity's character offsets, and of its own text, if it has one."""
    start, end = item.get("start", -1), item.get("end", -1)
    for name in _OFFSETS:
        if not _is_offset(item.get(name), text):
            given = short_repr(item[name]) if name in item else "nothing"
            yield Fault(name, given, f"a character offset from 0 to {len(text)} (the text's length)")
            return
    if end <= start:
        yield Fault("end", str(end), f"{integer(start + 1, len(text))} (it lies after the start, {start})")
    elif item.get("text") is not None and item["text"] != text[start:end]:
        there = f"absent or {short_repr(text[start:end])}, which stands at {start} to {end}"
        yield Fault("text", short_repr(item["text"]), there)


def _check_words(item: Mapping[str, Any], text: str, places: _Places) -> Iterator[Fault]:
    """The faults of an entity, of right offsets, that does not begin and end at words."""
    for name, place in zip(_OFFSETS, places.of(item), strict=True):
        if place is None:
            word = places.word_around(item[name])
            where = (
                f"inside the word {short_repr(text[slice(*word)])} at {word[0]} to {word[1]}" if word else "at a space"
            )
            yield Fault(name, f"{item[name]}, {where}", f"the {name} of a word")


def _fit(split: SplitWords, texts: Iterable[tuple[str, list[Any]]]) -> tuple[int, int]:
    """How many entities begin and end at a word, and how many have the token offsets that they say they have."""
    fitting = agreeing = 0
    for text, entities in texts:
        places = _Places(split(text))
        for item in entities:
            found = places.of(item)
            if None not in found:
                fitting += 1
                agreeing += found == (item.get("token_start"), item.get("token_end"))
    return fitting, agreeing


def _whole(texts: Iterable[tuple[str, list[Any]]]) -> tuple[int, int]:
    """The best fit that there may be."""
    items = [item for _, entities in texts for item in entities]
    return len(items), sum(isinstance(item, Mapping) and "token_start" in item for item in items)
