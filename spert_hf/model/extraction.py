"""What extraction does around a model: reading of inputs, and conversion of predictions to JSON."""

import inspect
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Protocol

from .choices import OVERLAP_POLICIES
from .decoding import in_text_order
from .given_entities import (
    GivenEntity,
    InputWithEntities,
    in_given_order,
    join_sequences,
    read_entities,
    with_entities,
)
from .input_collections import has_length, is_collection, is_one, items_of, plain
from .messages import integer, must_be
from .predictions import Prediction
from .selection import Selection, Threshold, check_selection
from .setting_checks import check_choice, check_flag, check_keywords
from .settings import PredictionSettings
from .subwords import SubwordEncoder
from .text_reader import TextReader, override_reading
from .text_reading import TextReading

DEFAULT_BATCH_SIZE = 32

BATCHES_READ_AHEAD = 16
"""The number of batches read before the first is computed, so that texts of similar length are batched together. For a
generator, which may be slow, only one is read ahead, so that results come as soon as a batch is full."""

CHARACTERS_READ_AHEAD = 1 << 20
"""The maximum number of characters to read ahead, which bounds the memory for long texts."""


ERROR_POLICIES = ("raise", "skip")
"""Ways to handle an invalid input."""

_READERS_KEPT = 8

_OF_EACH_CALL = frozenset({"batch_size", "batches_ahead", "entities", "show_progress"})
"""Settings that are handled before all others."""

OF_CALLS_ONLY = frozenset({"entities"})
"""Settings of an input."""

FORMER_NAMES = frozenset({"split_sentences"})
"""Deprecated settings."""


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


class ExtractionSettings(PredictionSettings, Protocol):
    """The settings of a model that extraction from text needs."""

    text_reading: TextReading


class Extractor(ABC):
    """Extraction by a call: settings, reading of inputs ahead, batches and results, whatever computes the scores.

    A subclass provides the model's settings, its sub-word encoder, `forward` and the parameters of its constructor.
    """

    forward: Callable[..., Any]
    """Takes a list of [`ReadInput`] and parameters, and returns a list of [`Prediction`]."""
    spert_processor: SubwordEncoder
    tokenizer: Any
    _readers: dict[tuple[TextReading, int], TextReader]
    _batch_size: int | None
    _batches_ahead: int | None
    _show_progress: bool
    _preprocess_params: dict[str, Any]
    _forward_params: dict[str, Any]
    _postprocess_params: dict[str, Any]

    @property
    @abstractmethod
    def model_settings(self) -> ExtractionSettings:
        """The model's settings."""

    @abstractmethod
    def with_progress(self, results: Iterator[dict[str, Any]], total: int | None) -> Iterator[dict[str, Any]]:
        """Yield results with a progress bar on standard error, which starts when the first result is requested."""

    @classmethod
    def _settings(cls) -> set[str]:
        """Return the names of all settings of the constructor and of calls."""
        return (set(inspect.signature(cls._sanitize_parameters).parameters) | _OF_EACH_CALL) - {"self"} - FORMER_NAMES

    def text_reader(self, words: Any = None, sequences: str | None = None) -> TextReader:
        """Return the reader for the model's `text_reading`, or for the settings of a call.

        Args:
            words: see the class.
            sequences: see the class.

        Raises:
            ValueError: a setting is unknown, or its pattern, tokenizer or library can't be used.
        """
        reading = override_reading(TextReading.of(self.model_settings.text_reading), words, sequences)
        function = words if callable(words) else None
        key = (reading, id(function))  # the reader keeps a reference to the function, so that its id is not reused
        if key not in self._readers:
            if len(self._readers) >= _READERS_KEPT:
                self._readers.clear()
            self._readers[key] = TextReader(reading, self.tokenizer, function)
        return self._readers[key]

    def _sanitize_parameters(
        self,
        relation_threshold: Threshold = None,
        entity_threshold: float | None = None,
        entity_types: Iterable[str] | None = None,
        relation_types: Iterable[str] | None = None,
        overlap: str | None = None,
        words: Any = None,
        sequences: str | None = None,
        split_sentences: bool | None = None,
        errors: str | None = None,
        with_text: bool | None = None,
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        preprocess: dict[str, Any] = {}
        forward: dict[str, Any] = {}
        postprocess: dict[str, Any] = {}
        if split_sentences is not None:
            check_flag("split_sentences", split_sentences)
            warnings.warn("split_sentences: give sequences='document' instead of False", FutureWarning, stacklevel=3)
            if sequences is None and not split_sentences:
                sequences = "document"
        if words is not None:
            preprocess["words"] = words
        if sequences is not None:
            preprocess["sequences"] = sequences
        wanted: dict[str, Any] = {"relation_threshold": relation_threshold, "entity_threshold": entity_threshold}
        wanted |= {"entity_types": entity_types, "relation_types": relation_types}
        forward |= check_selection(self.model_settings, wanted)
        if overlap is not None:
            check_choice("overlap", overlap, OVERLAP_POLICIES)
            forward["overlap"] = overlap
        if errors is not None:
            check_choice("errors", errors, ERROR_POLICIES)
            postprocess["errors"] = errors
        if with_text is not None:
            postprocess["with_text"] = flag("with_text", with_text)
        return preprocess, forward, postprocess

    def __call__(
        self,
        inputs: Any,
        *,
        batch_size: int | None = None,
        batches_ahead: int | None = None,
        show_progress: bool | None = None,
        entities: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Extract entities and relations; see the class for inputs, arguments and results."""
        check_keywords(set(kwargs) - FORMER_NAMES, self._settings(), "a call")
        batch_size = positive_or_none("batch_size", self._batch_size if batch_size is None else batch_size)
        ahead = positive_or_none("batches_ahead", self._batches_ahead if batches_ahead is None else batches_ahead)
        progress = flag("show_progress", self._show_progress if show_progress is None else show_progress)
        preprocess, forward, postprocess = self._sanitize_parameters(**kwargs)
        preprocess = {**self._preprocess_params, **preprocess}
        self.text_reader(**preprocess)  # before any text is read
        forward = {**self._forward_params, **forward, "batch_size": batch_size or DEFAULT_BATCH_SIZE}
        postprocess = {**self._postprocess_params, **postprocess}
        one = is_one(inputs) or (postprocess.get("errors") == "skip" and not is_collection(inputs))
        if entities is not None:
            inputs = with_entities(inputs, entities, one)
        if one:
            return next(self._stream([plain(inputs)], 1, preprocess, forward, postprocess))
        is_finite = has_length(inputs)
        ahead = ahead or (BATCHES_READ_AHEAD if is_finite else 1)
        results = self._stream(items_of(inputs), ahead, preprocess, forward, postprocess)
        if progress:
            results = self.with_progress(results, len(inputs) if is_finite else None)
        return list(results) if is_finite else results

    def _stream(
        self,
        inputs: Iterable[Any],
        batches_ahead: int,
        preprocess: dict[str, Any],
        forward: dict[str, Any],
        postprocess: dict[str, Any],
    ) -> Iterator[dict[str, Any]]:
        """Yield one result per input, reading some batches ahead."""
        skip = postprocess.get("errors") == "skip"
        for chunk in read_ahead(enumerate(inputs), forward["batch_size"], batches_ahead):
            texts = [self._read(item, number, skip, preprocess) for number, item in chunk]
            for text, prediction in zip(texts, self.forward(texts, **forward), strict=True):
                yield self.postprocess((text, prediction), **postprocess)

    def read(self, texts: Iterable[Any]) -> list[ReadInput]:
        """Read texts as a call does, with the pipeline's own settings: their words, sequences and offsets."""
        skip = self._postprocess_params.get("errors") == "skip"
        return [self._read(text, number, skip, self._preprocess_params) for number, text in enumerate(texts)]

    def _read(self, item: Any, number: int, skip: bool, preprocess: dict[str, Any]) -> ReadInput:
        """Preprocess an input; an invalid one gives an error in place of words, or raises."""
        try:
            text = self.preprocess(item, number, **preprocess)
            if isinstance(item, InputWithEntities):
                self._add_entities(text, item.entities, number)
            return text
        except ValueError as error:
            if not skip:
                raise
            return ReadInput([], [], error=str(error))

    def _add_entities(self, text: ReadInput, records: Any, number: int) -> None:
        """Add given entities to an input.

        Raises:
            ValueError: an entity is invalid; the message names the input, the entity and its field.
        """
        places = range(len(text.words)) if text.places is None else text.places
        offsets = [(place, place + 1) for place in places] if text.offsets is None else text.offsets
        prefix = "token_" if text.offsets is None else ""
        starts, ends = [start for start, _ in offsets], [end for _, end in offsets]
        try:
            text.entities = read_entities(records, self.model_settings, starts, ends, prefix)
        except ValueError as error:
            raise ValueError(f"input {number}: {error}") from error
        encoded = self.spert_processor.encode([text.words[start:end] for start, end, _ in text.entities])
        for place, words in enumerate(encoded):
            if len(words.input_ids) > self.spert_processor.window_size:
                raise ValueError(
                    must_be(
                        f"input {number}: entities[{place}]",
                        f"at most {self.spert_processor.window_size} sub-words long, as many as the encoder takes",
                        len(words.input_ids),
                    )
                )
        text.sequences = join_sequences(text.sequences, text.entities)

    def preprocess(self, inputs: Any, number: int = 0, words: Any = None, sequences: str | None = None) -> ReadInput:
        """Split a string into words and sequences, or take the given words.

        Raises:
            ValueError: the input is neither; the message contains its `number`.
        """
        return read_input(inputs, number, self.text_reader(words, sequences))

    def prediction_settings(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """What [`predict`] takes: the pipeline's own settings, and those given in their place."""
        settings = {**self._forward_params, **parameters}
        names = {field.name for field in fields(Selection)} & settings.keys()
        settings["selection"] = Selection(**{name: settings.pop(name) for name in names})
        return settings

    def postprocess(
        self, model_outputs: tuple[ReadInput, Prediction], errors: str = "raise", with_text: bool = False
    ) -> dict[str, Any]:
        """Convert a prediction to JSON, with entities in text order; that of a skipped input has an `error`."""
        return to_result(*model_outputs, with_text=with_text)


def check_settings_of(extractor: type[Extractor], given: Iterable[str]) -> None:
    """Check the names of settings of an extractor's constructor.

    Raises:
        TypeError: one is unknown.
    """
    known = extractor._settings() - OF_CALLS_ONLY - FORMER_NAMES
    check_keywords(given, known, "the extractor")


def positive_or_none(field: str, value: Any) -> int | None:
    """Check a positive integer; `None` means the default."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise ValueError(must_be(field, integer(1), repr(value)))
    return value


def flag(field: str, value: Any) -> bool:
    """Check a boolean; `None` means `False`."""
    check_flag(field, False if value is None else value)
    return bool(value)


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
