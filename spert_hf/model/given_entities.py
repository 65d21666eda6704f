"""Entities given with a text, between which relations are predicted."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from numbers import Integral
from typing import Any

from .decoding import select_entities
from .input_collections import has_length, is_collection, is_one, items_of, plain
from .messages import must_be
from .predictions import Prediction
from .selection import check_type
from .setting_checks import shown
from .settings import PredictionSettings

GivenEntity = tuple[int, int, str]
"""First word, end word (exclusive), entity type."""

_NOTHING = object()


class InputWithEntities(dict[str, Any]):
    """An input of the pipeline as a mapping, and its given entities."""

    def __init__(self, content: Any, entities: Any) -> None:
        if isinstance(content, Mapping):
            super().__init__(content)
        else:
            is_words = isinstance(content, Sequence) and not isinstance(content, (str, bytes))
            super().__init__({"tokens" if is_words else "text": content})
        self.entities = entities


def with_entities(inputs: Any, entities: Any, one: bool) -> Any:
    """Combine inputs of the pipeline with their given entities.

    Args:
        inputs: the inputs of a call.
        entities: the entities of the call.
        one: whether `inputs` is a single input, possibly an invalid one.

    Returns:
        The combined input, or a collection or generator of them.

    Raises:
        ValueError: the numbers of inputs and lists of entities differ; for a generator, raised at the end.
    """
    if one:
        return InputWithEntities(plain(inputs), plain(entities))
    if is_one(entities) or not is_collection(entities):
        raise ValueError(must_be("entities", "a list of entities for each input", shown(entities)))
    if has_length(inputs) and has_length(entities) and len(inputs) != len(entities):
        raise ValueError(must_be("entities", f"a list for each of the {len(inputs)} inputs", f"{len(entities)} lists"))
    pairs = _pairs(items_of(inputs), items_of(entities))
    return list(pairs) if has_length(inputs) else pairs


def _pairs(inputs: Iterable[Any], entities: Iterable[Any]) -> Iterator[InputWithEntities]:
    for content, given in zip_longest(inputs, entities, fillvalue=_NOTHING):
        if content is _NOTHING or given is _NOTHING:
            raise ValueError(must_be("entities", "a list for each input", "more or fewer"))
        yield InputWithEntities(content, given)


def read_entities(
    records: Any, config: PredictionSettings, starts: Sequence[int], ends: Sequence[int], prefix: str
) -> list[GivenEntity]:
    """Validate given entities and find their words.

    Args:
        records: mappings with `type`, and `start` and `end` (strings) or `token_start` and `token_end` (words).
        config: the model's config.
        starts: start offset of each word, in the unit of the entities.
        ends: end offset of each word.
        prefix: prefix of the two fields with the offsets.

    Returns:
        First word, end word (exclusive) and type of each entity.

    Raises:
        ValueError: an entity is invalid; the message contains its number and the field.
    """
    if isinstance(records, (str, bytes, Mapping)) or not isinstance(records, Sequence):
        raise ValueError(must_be("entities", "a list of entities", shown(records)))
    beginning = {offset: word for word, offset in enumerate(starts)}
    ending = {offset: word for word, offset in enumerate(ends)}
    found: dict[GivenEntity, None] = {}
    for number, record in enumerate(records):
        where = f"entities[{number}]"
        if not isinstance(record, Mapping):
            raise ValueError(must_be(where, f"a mapping with type, {prefix}start and {prefix}end", shown(record)))
        check_type(f"{where}.type", record.get("type"), config.entity_types)
        first = _find_offset(f"{where}.{prefix}start", record.get(f"{prefix}start"), beginning, "begins")
        last = _find_offset(f"{where}.{prefix}end", record.get(f"{prefix}end"), ending, "ends")
        if last < first:
            raise ValueError(must_be(f"{where}.{prefix}end", f"greater than {prefix}start", ends[last]))
        if last - first >= config.max_span_size:
            raise ValueError(must_be(where, f"at most {config.max_span_size} words long", last + 1 - first))
        entity = (first, last + 1, record["type"])
        if entity in found:
            raise ValueError(must_be(where, "another span or type than those before it", "one of them again"))
        found[entity] = None
    return list(found)


def _find_offset(field: str, value: Any, offsets: Mapping[int, int], does: str) -> int:
    """Return the word that starts or ends at an offset."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise ValueError(must_be(field, "an integer", shown(value)))
    if value not in offsets:
        near = sorted(sorted(offsets, key=lambda offset: abs(offset - int(value)))[:2])
        hint = f", such as {' or '.join(map(str, near))}" if near else " (there is no word)"
        raise ValueError(must_be(field, f"an offset at which a word {does}{hint}", shown(value)))
    return offsets[int(value)]


def join_sequences(sequences: Sequence[tuple[int, int]], entities: Iterable[GivenEntity]) -> list[tuple[int, int]]:
    """Join sequences (ranges of words in text order) that contain parts of the same entity."""
    joined: list[tuple[int, int]] = []
    spans = sorted((start, end) for start, end, _ in entities)
    crossed = 0
    place = 0
    for first, end in sequences:
        if joined and crossed > first:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((first, end))
        while place < len(spans) and spans[place][0] < end:
            crossed = max(crossed, spans[place][1])
            place += 1
    return joined


def in_given_order(prediction: Prediction, entities: Sequence[GivenEntity]) -> Prediction:
    """Sort entities in the given order, and relations by (head, tail, type)."""
    place = {(entity.start, entity.end, entity.type): number for number, entity in enumerate(prediction.entities)}
    ordered = select_entities(prediction, [place[entity] for entity in entities], sort=False)
    ordered.relations.sort(key=lambda relation: (relation.head, relation.tail, relation.type))
    return ordered
