"""What `extract` has written as annotated documents: people correct it, and train on it.

Such a record has a text, entities with character offsets in it, and relations; or tokens, and entities with
`token_start` and `token_end`. Here it becomes one in SpERT's JSON form, with its text kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from ..model.messages import integer
from ..model.words import rules, spaces_and_punctuation, split_at_spaces, split_into_characters
from .documents import NO_CHANGES, Changes
from .faults import Fault, is_text, short_repr
from .word_spans import SpanOfWords, WordPlaces, split_at

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


class AnnotatedRecord(NamedTuple):
    """A record in SpERT's JSON form, the faults of its text and of its entities' offsets, and what was changed."""

    record: dict[str, Any]
    faults: list[Fault]
    changes: Changes = NO_CHANGES


def to_annotated(record: Mapping[str, Any], split: SplitWords) -> AnnotatedRecord:
    """Convert a record to SpERT's JSON form.

    An entity that begins or ends at white space is trimmed, and a word in which one begins or ends is split there, as
    `spert-hf import` does. An entity whose offsets are at fault keeps its place, on the first token, so that relations
    can be checked.

    Args:
        record: One of [`is_found_record`].
        split: How its text becomes words.
    """
    if _was_skipped(record):
        given = f"{short_repr(record['error'])}: nothing was looked for there, which is not that there is nothing"
        return _faulty(record, Fault("error", given, "absent"))
    if "tokens" in record:
        entities = [_by_tokens(item) if _counts_tokens(item) else item for item in record["entities"]]
        return AnnotatedRecord({**record, "entities": entities}, [])
    if not _has_text(record) or not record["text"].strip():
        return _faulty(
            record, Fault("text", short_repr(record["text"]), "a text of valid Unicode that is more than white space")
        )
    return _align(record, split(record["text"]))


def _align(record: Mapping[str, Any], words: list[tuple[int, int]]) -> AnnotatedRecord:
    """Convert a record whose text has these words."""
    text, entities = record["text"], [*record["entities"]]
    faults: list[Fault] = []
    fitting: dict[int, SpanOfWords] = {}
    places = WordPlaces(words)
    for number, item in enumerate(entities):
        if not isinstance(item, Mapping):
            continue
        wrong = [*_check_offsets(item, text)]
        span = None if wrong else places.fit(item["start"], item["end"])
        if span is not None:
            fitting[number] = span
        elif not wrong:
            given = f"{item['start']} to {item['end']}, {short_repr(text[item['start'] : item['end']])}"
            wrong = [Fault("", given, "a span with a word in it")]
        faults += [replace(fault, field=f"entities[{number}].{fault.field}".rstrip(".")) for fault in wrong]
        entities[number] = {**item, "start": 0, "end": 1}
    tokens = split_at(words, set[int]().union(*(span.cuts for span in fitting.values())))
    starts, ends = ({border: place for place, border in enumerate(borders)} for borders in zip(*tokens, strict=True))
    trimmed = 0
    for number, span in fitting.items():
        given = record["entities"][number]
        trimmed += (span.start, span.end) != (given["start"], given["end"])
        entities[number] = {**given, "start": starts[span.start], "end": ends[span.end] + 1}
    changes = Changes(trimmed_entities=trimmed, split_words=len({*words} - {*tokens}))
    return AnnotatedRecord(
        {**record, "tokens": [text[start:end] for start, end in tokens], "entities": entities}, faults, changes
    )


def _faulty(record: Mapping[str, Any], fault: Fault) -> AnnotatedRecord:
    return AnnotatedRecord({**record, "tokens": ["?"], "entities": [], "relations": []}, [fault])


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
