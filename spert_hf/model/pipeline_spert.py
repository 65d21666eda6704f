"""The "spert-extraction" pipeline, which extracts entities and relations from strings or words."""

import inspect
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from importlib import import_module
from typing import Any

from transformers import Pipeline
from transformers.utils import logging

from .choices import BACKENDS, OVERLAP_POLICIES
from .configuration_spert import SpertConfig
from .extraction import BATCHES_READ_AHEAD, ReadInput, read_ahead, read_input, to_result
from .given_entities import (
    InputWithEntities,
    join_sequences,
    read_entities,
    with_entities,
)
from .inference import DEFAULT_BATCH_SIZE, predict, predict_arrays
from .input_collections import has_length, is_collection, is_one, items_of, plain
from .messages import integer, must_be
from .predictions import Prediction, PredictionArrays
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
from .decoding import *
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
from .output import *
from .pieces import *
from .ranking import *
from .runtime import *
from .sentences import *
from .settings import *
from .signatures import *
from .span_pooling import *
from .span_scoring import *
from .subwords import *
from .tracing import *
from .versions import *
from .watching import *
from .words import *
"""
"""Read by transformers, which copies with a file what lines like these in its text name. Before 5.16 it copies, of a
folder, nothing that those files name in turn."""

ERROR_POLICIES = ("raise", "skip")
"""Ways to handle an invalid input."""

_READERS_KEPT = 8

_OF_EACH_CALL = frozenset({"batch_size", "batches_ahead", "entities", "show_progress"})
"""Settings that are handled before all others."""

_OF_CALLS_ONLY = frozenset({"entities"})
"""Settings of an input."""

_OF_PIPELINES_ONLY = frozenset({"backend", "precision"})
"""Settings of the constructor only."""

_FORMER_NAMES = frozenset({"split_sentences"})
"""Deprecated settings."""

_OF_BASE_CLASS = frozenset({"args_parser", "dtype", "num_workers", "torch_dtype"})
"""Keywords that the constructor in transformers accepts without declaring them."""


class SpertPipeline(Pipeline):
    """Pipeline for joint entity and relation extraction with a [`SpertModel`].

    ```python
    >>> pipe = pipeline("spert-extraction", model="my-checkpoint")
    >>> pipe("Marian Pell works for Northern Paper in Duluth.")
    {"entities": [{"type": "Peop", "score": 0.99, "text": "Marian Pell", "start": 0, "end": 11,
                   "token_start": 0, "token_end": 2}, …],
     "relations": [{"type": "Work_For", "score": 0.97, "head": 0, "tail": 1}]}
    ```

    A call accepts a string, a list of strings or of lists of words, a column of `datasets`, pandas, pyarrow or polars,
    a NumPy array, a torch data set, or a generator. Inputs with a length give a list, generators a generator, with one
    result per input, in order. A mapping with `"text"` or `"tokens"` is read as the text or the words in it. Words that
    consist of whitespace are skipped, but counted in `token_start` and `token_end`.

    Args:
        relation_threshold (`float` or `dict`, *optional*): minimum score of a relation, 0 to 1, or minimum scores by
            relation type (`{"Kill": 0.8}`; other types use the model's threshold). Default: the model's threshold.
        entity_threshold (`float`, *optional*): minimum score of an entity, 0 to 1. Spans below it are not entities:
            they have no relations and are ignored in the resolution of overlaps. Default: 0.
        entity_types (list of `str`, *optional*): types of the entities to keep, with the relations between them. Others
            are dropped after overlaps are resolved. Default: all.
        relation_types (list of `str`, *optional*): types of the relations to keep. Default: all.
        overlap (`str`, *optional*): whether to keep all overlapping entities (`"keep"`), drop all of them (`"drop"`),
            or keep those with the best scores (`"best"`); relations of dropped entities are dropped. Default: the
            model's setting.
        words (`str`, `re.Pattern` or function, *optional*): how to split a string into words: one of [`WORDS`], a
            compiled regular expression, or a function that takes the text and returns character offsets `(start, end)`
            in text order. It is not saved with the pipeline. Default: `config.text_reading`. Lists of words are never
            split.
        sequences (`str`, *optional*): how to split the words of a string into sequences, within which relations are
            found: one of [`SEQUENCES`]; `"document"` for a single sequence. Default: `config.text_reading`.
        errors (`str`, *optional*, defaults to `"raise"`): whether an invalid input, such as a missing value in a
            column, raises a `ValueError` (`"raise"`), or gives a result without entities and relations and with an
            `"error"` message (`"skip"`).
        with_text (`bool`, *optional*, defaults to `False`): whether to add `"head_text"`, `"head_type"`, `"tail_text"`
            and `"tail_type"` to each relation, so that it can be used without the entities.
        batch_size (`int`, *optional*, defaults to 32): number of sequences (or windows of long ones) in a batch.
        entities (list of `dict`, *optional*, in a call only): given entities, between which relations are predicted
            instead of between predicted entities: each with a `type` of the model, and `start` and `end` in characters
            of a string, or `token_start` and `token_end` in words; for several inputs, a list for each. Results have
            all of them, in the given order, with the model's scores for their types. Relations are found within
            sequences; sequences that are joined by a given entity are read as one.
        batches_ahead (`int`, *optional*): number of batches to read before the first is computed, so that texts of
            similar length are batched together, which is faster. Default: 16 for inputs with a length; 1 for a
            generator, which then yields results as soon as a batch is full.
        show_progress (`bool`, *optional*, defaults to `False`): whether to show a progress bar on standard error.
        backend (`str`, *optional*, defaults to `"torch"`): the library that computes the encoder; `"openvino"` requires
            `spert-hf[openvino]`. For the constructor only.
        precision (`str`, *optional*, defaults to `"float32"`): precision of OpenVINO, see `use_openvino`: also
            `"bfloat16"`, or `"int8"` for a checkpoint quantized by `spert-hf quantize`. For the constructor only.
    """

    _load_processor = False
    _load_image_processor = False
    _load_video_processor = False
    _load_feature_extractor = False
    _load_tokenizer = True
    modelcard = None  # transformers 5.0 reads it when it saves a pipeline, but does not set it

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
        self.text_reader(**self._preprocess_params)  # raises errors early

    @classmethod
    def check_settings(cls, given: Iterable[str]) -> None:
        """Check the names of keyword arguments.

        Args:
            given: the names.

        Raises:
            TypeError: a name is neither a setting of the pipeline nor an argument in transformers; similar names are
                suggested.
        """
        of_base = set(inspect.signature(Pipeline.__init__).parameters) | _OF_BASE_CLASS
        known = cls._settings() - _OF_CALLS_ONLY | _OF_PIPELINES_ONLY | (of_base - {"self", "kwargs", "args_parser"})
        check_keywords(set(given) - _FORMER_NAMES - of_base, known, "the pipeline")

    @classmethod
    def _settings(cls) -> set[str]:
        """Return the names of all settings of the constructor and of calls."""
        return (set(inspect.signature(cls._sanitize_parameters).parameters) | _OF_EACH_CALL) - {"self"} - _FORMER_NAMES

    def text_reader(self, words: Any = None, sequences: str | None = None) -> TextReader:
        """Return the reader for the model's `text_reading`, or for the settings of a call.

        Args:
            words: see the class.
            sequences: see the class.

        Raises:
            ValueError: a setting is unknown, or its pattern, tokenizer or library can't be used.
        """
        reading = override_reading(TextReading.of(self.model.config.text_reading), words, sequences)
        function = words if callable(words) else None
        key = (reading, id(function))  # the reader keeps a reference to the function, so that its id is not reused
        if key not in self._readers:
            if len(self._readers) >= _READERS_KEPT:
                self._readers.clear()
            self._readers[key] = TextReader(reading, self.tokenizer, function)
        return self._readers[key]

    def save_pretrained(self, save_directory: Any, **kwargs: Any) -> Any:
        """Save model and tokenizer, with a warning if the pipeline has `words` or `sequences`, which are not saved."""
        self._warn_of_own_reading()
        return super().save_pretrained(save_directory, **kwargs)

    def _warn_of_own_reading(self) -> None:
        own = [name for name in ("words", "sequences") if name in self._preprocess_params]
        if own:
            warnings.warn(
                f"{', '.join(own)}: set for this pipeline and not saved; saved is the model's "
                f"config.text_reading ({TextReading.of(self.model.config.text_reading).describe()})",
                stacklevel=3,
            )

    def push_to_hub(self, repo_id: str, **upload: Any) -> Any:
        """Upload model and tokenizer; see [`SpertModel.push_to_hub`]."""
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
        """Extract entities and relations; see the class for inputs, arguments and results."""
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

    def preprocess(self, inputs: Any, number: int = 0, words: Any = None, sequences: str | None = None) -> ReadInput:
        """Split a string into words and sequences, or take the given words.

        Raises:
            ValueError: the input is neither; the message contains its `number`.
        """
        return read_input(inputs, number, self.text_reader(words, sequences))

    def _forward(self, model_inputs: list[ReadInput], **parameters: Any) -> list[Prediction]:
        given = None
        if any(text.entities is not None for text in model_inputs):
            given = [text.entities or () for text in model_inputs]
        texts, sequences = [text.words for text in model_inputs], [text.sequences for text in model_inputs]
        return self.predict_words(texts, given, sequences, **parameters)

    def predict_words(
        self, texts: Sequence[Sequence[str]], given: Any = None, sequences: Any = None, **parameters: Any
    ) -> list[Prediction]:
        """Predict entities and relations of texts given as words; see [`predict`].

        Args:
            texts: the words of each text.
            given: for each text, entities to use instead of predicted ones.
            sequences: for each text, the ranges of words that are sequences; default: a single sequence.
            parameters: overrides of the pipeline's settings: `batch_size`, `overlap`, `relation_threshold`, …

        Returns:
            One prediction per text.
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
        self, model_outputs: tuple[ReadInput, Prediction], errors: str = "raise", with_text: bool = False
    ) -> dict[str, Any]:
        """Convert a prediction to JSON, with entities in text order; that of a skipped input has an `error`."""
        return to_result(*model_outputs, with_text=with_text)


def _show_progress(results: Iterator[dict[str, Any]], total: int | None) -> Iterator[dict[str, Any]]:
    """Yield results with a progress bar on standard error, which starts when the first result is requested."""
    yield from logging.tqdm(results, total=total, desc="extracting", unit=" texts")


def _positive(field: str, value: Any) -> int | None:
    """Check a positive integer; `None` means the default."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise ValueError(must_be(field, integer(1), repr(value)))
    return value


def _flag(field: str, value: Any) -> bool:
    """Check a boolean; `None` means `False`."""
    check_flag(field, False if value is None else value)
    return bool(value)


def _use_openvino(model: Any, precision: str) -> None:
    """Set the OpenVINO runtime, which is in the package `spert_hf` and not uploaded with a checkpoint.

    Raises:
        ImportError: the package is not installed.
    """
    try:
        package = import_module("spert_hf.openvino")
    except ImportError as error:
        raise ImportError(
            f"backend='openvino' needs the package openvino: pip install \"spert-hf[openvino]\" ({error})"
        ) from error
    package.use_openvino(model, precision)
