"""The "spert-extraction" pipeline: strings or words in, entities and relations out."""

import inspect
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from importlib import import_module
from typing import Any

from transformers import Pipeline
from transformers.utils import logging

from .choices import BACKENDS, OVERLAP_POLICIES
from .configuration_spert import SpertConfig
from .decoding import in_text_order
from .given_entities import (
    GivenEntity,
    InputWithEntities,
    in_given_order,
    join_sequences,
    read_entities,
    with_entities,
)
from .inference import DEFAULT_BATCH_SIZE, predict, predict_arrays
from .input_collections import has_length, is_collection, is_one, items_of, plain
from .messages import integer, must_be
from .output import Prediction, PredictionArrays
from .processing_spert import SpertProcessor
from .selection import Selection, Threshold, check_selection
from .setting_checks import check_choice, check_flag, check_keywords
from .text_reader import TextReader, override_reading
from .text_reading import TextReading

_NAMED_FOR_TRANSFORMERS = """
from .abbreviations import *
from .adapters import *
from .attention_pooling import *
from .base_model import *
from .card import *
from .checkpoint_files import *
from .cpu_attention import *
from .cpu_dropout import *
from .cpu_linear import *
from .cpu_packing import *
from .cpu_runtime import *
from .cpu_scheduling import *
from .cpu_workers import *
from .encoder_checks import *
from .encoders import *
from .encoding import *
from .errors import *
from .forking import *
from .hub import *
from .languages import *
from .loading import *
from .model_sizes import *
from .modeling_spert import *
from .pieces import *
from .ranking import *
from .runtime import *
from .sentences import *
from .settings import *
from .signatures import *
from .span_pooling import *
from .span_scoring import *
from .tracing import *
from .versions import *
from .watching import *
from .words import *
"""
"""Read by transformers, which copies with a file what lines like these in its text name. Before 5.16 it copies, of a
folder, nothing that those files name in turn."""

BATCHES_READ_AHEAD = 16
"""Batches that are read before the first is computed, so that texts of similar length meet in one. Of a generator only
one is, as nobody knows how long it takes to give more: a result comes as soon as its batch is full."""

CHARACTERS_READ_AHEAD = 1 << 20
"""Characters of text after which no more is read ahead: bounds the memory of long texts."""

ERROR_POLICIES = ("raise", "skip")
"""What becomes of an input that is no text."""

_READERS_KEPT = 8

_OF_EACH_CALL = frozenset({"batch_size", "batches_ahead", "entities", "show_progress"})
"""Settings that the pipeline reads itself, before it looks at the others."""

_OF_CALLS_ONLY = frozenset({"entities"})
"""Settings that belong to a text."""

_OF_PIPELINES_ONLY = frozenset({"backend", "precision"})
"""Settings that are made once."""

_FORMER_NAMES = frozenset({"split_sentences"})
"""Settings that are still taken, and no longer told of."""

_OF_BASE_CLASS = frozenset({"args_parser", "dtype", "num_workers", "torch_dtype"})
"""Keywords that transformers' constructor takes out of those it does not name."""


@dataclass(slots=True)
class _Input:
    """One text: its words, the sequences that they are read in, and, if the text was given as a string, the string and
    the words' character offsets in it; if it was given as words, their places among them. An input that is skipped has
    no words, and an error. Entities that were given with it are none that are to be found.
    """

    words: Sequence[str]
    sequences: list[tuple[int, int]]
    text: str | None = None
    offsets: list[tuple[int, int]] | None = None
    places: list[int] | None = None
    error: str | None = None
    entities: list[GivenEntity] | None = None


class SpertPipeline(Pipeline):
    """Extracts entities and the relations between them.

    ```python
    >>> pipe = pipeline("spert-extraction", model="my-checkpoint")
    >>> pipe("Marian Pell works for Northern Paper in Duluth.")
    {"entities": [{"type": "Peop", "score": 0.99, "text": "Marian Pell", "start": 0, "end": 11,
                   "token_start": 0, "token_end": 2}, …],
     "relations": [{"type": "Work_For", "score": 0.97, "head": 0, "tail": 1}]}
    ```

    A call takes a string, a list of strings or of words' lists, a column of `datasets`, pandas, pyarrow or polars, a
    NumPy array, a torch data set, or a generator: what has a length gives a list, a generator a generator, always one
    result an input and in its order. A mapping with `"text"` or `"tokens"` stands for the text or the words in it.
    Words that are white space only are not read; `token_start` and `token_end` count them.

    Args:
        relation_threshold (`float` or `dict`, *optional*): lowest score of a relation, 0 … 1, or of relations of some
            types by type (`{"Kill": 0.8}`; the others keep the model's). Default: the model's own.
        entity_threshold (`float`, *optional*): lowest score of an entity, 0 … 1. One below is not taken for an entity:
            its relations go with it, and it overlaps none. Default: 0.
        entity_types (list of `str`, *optional*): the entities that are kept, and relations between them. Other entities
            have their part in settling overlaps before. Default: all.
        relation_types (list of `str`, *optional*): the relations that are kept. Default: all.
        overlap (`str`, *optional*): entities that overlap are all kept (`"keep"`), all dropped (`"drop"`), or thinned
            out to the best scored ones (`"best"`); relations go with their entities. Default: the model's own.
        words (`str`, `re.Pattern` or function, *optional*): how a string is split into words: the name of one of
            [`WORDS`], a compiled regular expression, or a function of the text that gives character offsets
            `(start, end)` in text order. It is not saved with the pipeline. Default: as `config.text_reading`
            says. Lists of words are always read as they are given.
        sequences (`str`, *optional*): how a string's words are split into sequences, within which relations are found:
            the name of one of [`SEQUENCES`]. `"document"` reads a string as one. Default: as `config.text_reading`
            says.
        errors (`str`, *optional*, defaults to `"raise"`): an input that is no text, such as a missing value of a
            column, raises a ValueError (`"raise"`), or gives a result without entities and relations whose `"error"`
            says why (`"skip"`).
        with_text (`bool`, *optional*, defaults to `False`): whether each relation has `"head_text"`, `"head_type"`,
            `"tail_text"` and `"tail_type"`, too, so that it can be read without the entities.
        batch_size (`int`, *optional*, defaults to 32): texts (or windows of long ones) computed at once.
        entities (list of `dict`, *optional*, in a call only): entities between which relations are looked for, in place
            of those that the model finds: each with a `type` of the model and `start` and `end` in characters of a
            string, or `token_start` and `token_end` in words; of several inputs, a list for each. Results have them in
            this order, all of them, with the score that the model gives to their types; relations are found within
            sequences, as always, and those sequences are read as one that a given entity lies in together.
        batches_ahead (`int`, *optional*): batches that are read before the first is computed, so that texts of similar
            length meet in one, which is faster. Default: 16 of what has a length; 1 of a generator, which so gives a
            result as soon as its batch is full.
        show_progress (`bool`, *optional*, defaults to `False`): whether a bar on standard error shows how many texts
            are done, and of what has a length, of how many.
        backend (`str`, *optional*, defaults to `"torch"`): what computes the encoder; `"openvino"` needs the package
            `spert-hf[openvino]`. For the pipeline, not for a call.
        precision (`str`, *optional*, defaults to `"float32"`): of OpenVINO's products, as of `use_openvino`:
            `"bfloat16"`, or `"int8"` for a checkpoint that `spert-hf quantize` has written. Not for a call, either.
    """

    _load_processor = False
    _load_image_processor = False
    _load_video_processor = False
    _load_feature_extractor = False
    _load_tokenizer = True
    modelcard = None  # transformers 5.0 asks for it when it saves a pipeline, and no longer sets it

    def __init__(
        self,
        *args: Any,
        batches_ahead: int | None = None,
        show_progress: bool | None = None,
        backend: str | None = None,
        precision: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.check_settings(kwargs)
        self._batches_ahead = _positive("batches_ahead", batches_ahead)
        self._show_progress = _flag("show_progress", show_progress)
        if backend is not None:
            check_choice("backend", backend, BACKENDS)
        if precision is not None and backend != "openvino":
            allowed = "left out without backend='openvino' (torch has dtype=…)"
            raise ValueError(must_be("precision", allowed, repr(precision)))
        super().__init__(*args, **kwargs)
        check_choice("model", self.model.config.model_type, (SpertConfig.model_type,))
        if backend == "openvino":
            _use_openvino(self.model, precision or "float32")
        self.spert_processor = SpertProcessor.for_config(self.tokenizer, self.model.config)
        self._readers: dict[tuple[TextReading, int], TextReader] = {}
        self.text_reader(**self._preprocess_params)  # what does not serve is said at once

    @classmethod
    def check_settings(cls, given: Iterable[str]) -> None:
        """Refuse names that are none of the pipeline's settings, and no argument of transformers' own.

        Raises:
            TypeError: on the first such name, with the nearest that there are.
        """
        of_base = set(inspect.signature(Pipeline.__init__).parameters) | _OF_BASE_CLASS
        known = cls._settings() - _OF_CALLS_ONLY | _OF_PIPELINES_ONLY | (of_base - {"self", "kwargs", "args_parser"})
        check_keywords(set(given) - _FORMER_NAMES - of_base, known, "the pipeline")

    @classmethod
    def _settings(cls) -> set[str]:
        """Names of what may be set, in a call or for all calls."""
        return (set(inspect.signature(cls._sanitize_parameters).parameters) | _OF_EACH_CALL) - {"self"} - _FORMER_NAMES

    def text_reader(self, words: Any = None, sequences: str | None = None) -> TextReader:
        """Give the reader of the model's `text_reading`, or of what a call asks for instead.

        Raises:
            ValueError: if there is no such way to read, or its pattern, tokenizer or library does not serve.
        """
        reading = override_reading(TextReading.of(self.model.config.text_reading), words, sequences)
        function = words if callable(words) else None
        key = (reading, id(function))  # the reader keeps the function, so that no other one gets its place
        if key not in self._readers:
            if len(self._readers) >= _READERS_KEPT:
                self._readers.clear()
            self._readers[key] = TextReader(reading, self.tokenizer, function)
        return self._readers[key]

    def save_pretrained(self, save_directory: Any, **kwargs: Any) -> Any:
        """Save model and tokenizer; `words` and `sequences` of the pipeline are not saved, and a warning says so."""
        self._warn_of_own_reading()
        return super().save_pretrained(save_directory, **kwargs)

    def _warn_of_own_reading(self) -> None:
        own = [name for name in ("words", "sequences") if name in self._preprocess_params]
        if own:
            warnings.warn(
                f"{', '.join(own)}: given to the pipeline and not saved; what is saved is the model's "
                f"config.text_reading ({TextReading.of(self.model.config.text_reading).describe()})",
                stacklevel=3,
            )

    def push_to_hub(self, repo_id: str, **upload: Any) -> Any:
        """Upload the pipeline, which is its model and tokenizer; see [`SpertModel.push_to_hub`]."""
        self._warn_of_own_reading()
        return self.model.push_to_hub(repo_id, **{"tokenizer": self.tokenizer, **upload})

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
        forward |= check_selection(self.model.config, wanted)
        if overlap is not None:
            check_choice("overlap", overlap, OVERLAP_POLICIES)
            forward["overlap"] = overlap
        if errors is not None:
            check_choice("errors", errors, ERROR_POLICIES)
            postprocess["errors"] = errors
        if with_text is not None:
            postprocess["with_text"] = _flag("with_text", with_text)
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
        """Extract from one text or many; see the class for what is taken and given."""
        check_keywords(set(kwargs) - _FORMER_NAMES, self._settings(), "a call")
        batch_size = _positive("batch_size", self._batch_size if batch_size is None else batch_size)
        ahead = _positive("batches_ahead", self._batches_ahead if batches_ahead is None else batches_ahead)
        progress = _flag("show_progress", self._show_progress if show_progress is None else show_progress)
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
            results = _show_progress(results, len(inputs) if is_finite else None)
        return list(results) if is_finite else results

    def _stream(
        self,
        inputs: Iterable[Any],
        batches_ahead: int,
        preprocess: dict[str, Any],
        forward: dict[str, Any],
        postprocess: dict[str, Any],
    ) -> Iterator[dict[str, Any]]:
        """Yield one result an input, reading some batches ahead."""
        skip = postprocess.get("errors") == "skip"
        for chunk in read_ahead(enumerate(inputs), forward["batch_size"], batches_ahead):
            texts = [self._read(item, number, skip, preprocess) for number, item in chunk]
            for text, prediction in zip(texts, self.forward(texts, **forward), strict=True):
                yield self.postprocess((text, prediction), **postprocess)

    def read(self, texts: Iterable[Any]) -> list[_Input]:
        """Read texts as a call does, with the pipeline's own settings: their words, sequences and offsets."""
        skip = self._postprocess_params.get("errors") == "skip"
        return [self._read(text, number, skip, self._preprocess_params) for number, text in enumerate(texts)]

    def _read(self, item: Any, number: int, skip: bool, preprocess: dict[str, Any]) -> _Input:
        """Preprocess an input; if it can't be, say why in place of its words, or raise."""
        try:
            text = self.preprocess(item, number, **preprocess)
            if isinstance(item, InputWithEntities):
                self._add_entities(text, item.entities, number)
            return text
        except ValueError as error:
            if not skip:
                raise
            return _Input([], [], error=str(error))

    def _add_entities(self, text: _Input, records: Any, number: int) -> None:
        """Have relations looked for between given entities.

        Raises:
            ValueError: naming the input, the entity and its field.
        """
        places = range(len(text.words)) if text.places is None else text.places
        offsets = [(place, place + 1) for place in places] if text.offsets is None else text.offsets
        prefix = "token_" if text.offsets is None else ""
        starts, ends = [start for start, _ in offsets], [end for _, end in offsets]
        try:
            text.entities = read_entities(records, self.model.config, starts, ends, prefix)
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

    def preprocess(self, inputs: Any, number: int = 0, words: Any = None, sequences: str | None = None) -> _Input:
        """Split a string into words and sequences, or take the words given.

        Raises:
            ValueError: naming the input by its `number` if it is neither.
        """
        if isinstance(inputs, Mapping):
            if "tokens" not in inputs and not isinstance(plain(inputs.get("text", "")), str):
                allowed = "a string (of a data set's rows, give the column)"
                raise ValueError(must_be(f"input {number}: text", allowed, repr(inputs["text"])[:80]))
            inputs = _content(inputs)
        if isinstance(inputs, str):
            try:
                read = self.text_reader(words, sequences)(inputs)
            except ValueError as error:
                raise ValueError(f"input {number}: {error}") from error
            return _Input([inputs[start:end] for start, end in read.words], read.sequences, inputs, read.words)
        if isinstance(inputs, Sequence) and all(isinstance(word, str) for word in inputs):
            places = [place for place, word in enumerate(inputs) if word.strip()]
            return _Input([inputs[place] for place in places], [(0, len(places))], places=places)
        raise ValueError(must_be(f"input {number}:", "a string or a list of words", repr(inputs)[:80]))

    def _forward(self, model_inputs: list[_Input], **parameters: Any) -> list[Prediction]:
        given = None
        if any(text.entities is not None for text in model_inputs):
            given = [text.entities or () for text in model_inputs]
        texts, sequences = [text.words for text in model_inputs], [text.sequences for text in model_inputs]
        return self.predict_words(texts, given, sequences, **parameters)

    def predict_words(
        self, texts: Sequence[Sequence[str]], given: Any = None, sequences: Any = None, **parameters: Any
    ) -> list[Prediction]:
        """Predict texts given as words, with the pipeline's own settings; see [`predict`].

        Args:
            texts: words of each.
            given: entities between which relations are looked for, in place of those that the model finds.
            sequences: of each text, the ranges of words that are seen at once; by default all of it.
            parameters: in place of the pipeline's own: `batch_size`, `overlap`, `relation_threshold`, …
        """
        settings = self._prediction_settings(parameters)
        return predict(self.model, self.spert_processor, texts, **settings, given=given, sequences=sequences)

    def predict_arrays(
        self, texts: Sequence[Sequence[str]], sequences: Any = None, **parameters: Any
    ) -> list[PredictionArrays]:
        """Do what [`predict_words`] does, and give it as arrays."""
        settings = self._prediction_settings(parameters)
        return predict_arrays(self.model, self.spert_processor, texts, **settings, sequences=sequences)

    def _prediction_settings(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """What [`predict`] takes: the pipeline's own settings, and those given in their place."""
        settings = {**self._forward_params, **parameters}
        names = {field.name for field in fields(Selection)} & settings.keys()
        settings["selection"] = Selection(**{name: settings.pop(name) for name in names})
        return settings

    def postprocess(
        self, model_outputs: tuple[_Input, Prediction], errors: str = "raise", with_text: bool = False
    ) -> dict[str, Any]:
        """Turn a prediction into plain JSON, entities in text order; a skipped input's has an `error`."""
        text, prediction = model_outputs
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
    """A relation with the words and types of its head and tail."""
    ends = {end: entities[relation[end]] for end in ("head", "tail")}
    return relation | {f"{end}_{field}": entity[field] for end, entity in ends.items() for field in ("text", "type")}


def _show_progress(results: Iterator[dict[str, Any]], total: int | None) -> Iterator[dict[str, Any]]:
    """Pass results on, and show on standard error how many came; the bar begins with the first that is asked for."""
    yield from logging.tqdm(results, total=total, desc="extracting", unit=" texts")


def _positive(field: str, value: Any) -> int | None:
    """Check a number from 1 on; None stands for the default."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise ValueError(must_be(field, integer(1), repr(value)))
    return value


def _flag(field: str, value: Any) -> bool:
    """Check True or False; None stands for False."""
    check_flag(field, False if value is None else value)
    return bool(value)


def _use_openvino(model: Any, precision: str) -> None:
    """Have OpenVINO compute the encoder, by the package, as that part of it does not travel with a checkpoint.

    Raises:
        ImportError: if the package is not installed.
    """
    try:
        package = import_module("spert_hf.openvino")
    except ImportError as error:
        raise ImportError(
            f"backend='openvino' needs the package openvino: pip install \"spert-hf[openvino]\" ({error})"
        ) from error
    package.use_openvino(model, precision)


def read_ahead(
    numbered_inputs: Iterable[tuple[int, Any]], batch_size: int, batches_ahead: int = BATCHES_READ_AHEAD
) -> Iterator[list[tuple[int, Any]]]:
    """Group inputs as the pipeline reads them; where a group ends depends on nothing that came before its first input.

    Args:
        numbered_inputs: pairs of a number and an input of the pipeline.
        batch_size: of the call.
        batches_ahead: so many batches make a group.
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
    """Characters of an input; 0 for what is none."""
    if isinstance(inputs, Mapping):
        inputs = _content(inputs)
    if isinstance(inputs, str):
        return len(inputs)
    return sum(len(word) for word in inputs if isinstance(word, str)) if isinstance(inputs, Sequence) else 0


def _content(record: Mapping[str, Any]) -> Any:
    """The words or the text that a mapping stands for."""
    return plain(record.get("tokens", record.get("text")))


def _entity_record(text: _Input, entity: Any) -> dict[str, Any]:
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
