"""What extraction does around a model: reading of inputs, and conversion of predictions to JSON."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .decoding import in_text_order
from .given_entities import GivenEntity, in_given_order
from .input_collections import plain
from .messages import must_be
from .predictions import Prediction
from .text_reader import TextReader

BATCHES_READ_AHEAD = 16
"""The number of batches read before the first is computed, so that texts of similar length are batched together. For a
generator, which may be slow, only one is read ahead, so that results come as soon as a batch is full."""

CHARACTERS_READ_AHEAD = 1 << 20
"""The maximum number of characters to read ahead, which bounds the memory for long texts."""


@dataclass(slots=True)
class ReadInput:
    """An input as it was read.

    Args:
        words: its words; none for a skipped input.
        sequences: ranges of words `[start, end)` that are sequences.
        text: the string, if it is one.
        offsets: characters `[start, end)` of the words of a string.
        places: for a list of words, the indices of the words used.
        error: why the input was skipped.
        entities: given entities.
    """

    words: Sequence[str]
    sequences: list[tuple[int, int]]
    text: str | None = None
    offsets: list[tuple[int, int]] | None = None
    places: list[int] | None = None
    error: str | None = None
    entities: list[GivenEntity] | None = None


def read_input(item: Any, number: int, reader: TextReader) -> ReadInput:
    """Split a string into words and sequences, or take the given words.

    Args:
        item: a string, a list of words, or a mapping with `"text"` or `"tokens"`.
        number: its number, for messages.
        reader: splits strings.

    Raises:
        ValueError: the input is neither; the message contains its `number`.
    """
    if isinstance(item, Mapping):
        if "tokens" not in item and not isinstance(plain(item.get("text", "")), str):
            allowed = "a string (of a data set's rows, give the column)"
            raise ValueError(must_be(f"input {number}: text", allowed, repr(item["text"])[:80]))
        item = _content(item)
    if isinstance(item, str):
        try:
            read = reader(item)
        except ValueError as error:
            raise ValueError(f"input {number}: {error}") from error
        return ReadInput([item[start:end] for start, end in read.words], read.sequences, item, read.words)
    if isinstance(item, Sequence) and all(isinstance(word, str) for word in item):
        places = [place for place, word in enumerate(item) if word.strip()]
        return ReadInput([item[place] for place in places], [(0, len(places))], places=places)
    raise ValueError(must_be(f"input {number}:", "a string or a list of words", repr(item)[:80]))


def to_result(text: ReadInput, prediction: Prediction, with_text: bool = False) -> dict[str, Any]:
    """Convert a prediction to JSON, with entities in text order, or in the order of given ones.

    Args:
        text: the input; the result of a skipped one has an `error`.
        prediction: what was found in it.
        with_text: whether to add the texts and types of head and tail to each relation.
    """
    ordered = in_text_order(prediction) if text.entities is None else in_given_order(prediction, text.entities)
    result: dict[str, Any] = {
        "entities": [_entity_record(text, entity) for entity in ordered.entities],
        "relations": [
            {"type": relation.type, "score": relation.score, "head": relation.head, "tail": relation.tail}
            for relation in ordered.relations
        ],
    }
    if with_text:
        result["relations"] = [_with_text(relation, result["entities"]) for relation in result["relations"]]
    return result if text.error is None else result | {"error": text.error}


def _with_text(relation: dict[str, Any], entities: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Add the texts and types of head and tail to a relation."""
    ends = {end: entities[relation[end]] for end in ("head", "tail")}
    return relation | {f"{end}_{field}": entity[field] for end, entity in ends.items() for field in ("text", "type")}


def read_ahead(
    numbered_inputs: Iterable[tuple[int, Any]], batch_size: int, batches_ahead: int = BATCHES_READ_AHEAD
) -> Iterator[list[tuple[int, Any]]]:
    """Group inputs as the pipeline reads them; the end of a group does not depend on the inputs before it.

    Args:
        numbered_inputs: pairs of a number and an input.
        batch_size: number of inputs in a batch.
        batches_ahead: number of batches in a group.

    Yields:
        The groups.
    """
    group: list[tuple[int, Any]] = []
    characters = 0
    for number, item in numbered_inputs:
        group.append((number, item))
        characters += _length(item)
        if len(group) == batch_size * batches_ahead or characters >= CHARACTERS_READ_AHEAD:
            yield group
            group, characters = [], 0
    if group:
        yield group


def _length(inputs: Any) -> int:
    """The number of characters of an input; 0 for an invalid one."""
    if isinstance(inputs, Mapping):
        inputs = _content(inputs)
    if isinstance(inputs, str):
        return len(inputs)
    return sum(len(word) for word in inputs if isinstance(word, str)) if isinstance(inputs, Sequence) else 0


def _content(record: Mapping[str, Any]) -> Any:
    """The words or the text in a mapping."""
    return plain(record.get("tokens", record.get("text")))


def _entity_record(text: ReadInput, entity: Any) -> dict[str, Any]:
    record: dict[str, Any] = {"type": entity.type, "score": entity.score}
    if text.text is None or text.offsets is None:
        record["text"] = " ".join(text.words[entity.start : entity.end])
    else:
        start, end = text.offsets[entity.start][0], text.offsets[entity.end - 1][1]
        record |= {"text": text.text[start:end], "start": start, "end": end}
    first, last = entity.start, entity.end - 1
    if text.places is not None:
        first, last = text.places[first], text.places[last]
    return record | {"token_start": first, "token_end": last + 1}
