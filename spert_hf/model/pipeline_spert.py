"""The "spert-extraction" pipeline: strings or words in, entities and relations out."""

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from numbers import Real
from typing import TYPE_CHECKING, Any

from transformers import Pipeline

from .collections_spert import has_length, is_collection, is_one, items_of, plain
from .configuration_spert import OVERLAP_POLICIES, SpertConfig
from .decoding_spert import Prediction, concatenate, in_text_order
from .inference_spert import DEFAULT_BATCH_SIZE, predict
from .processing_spert import SpertProcessor
from .setting_checks_spert import check_choice, check_flag, check_fraction
from .text_reader_spert import TextReader, override_reading
from .text_reading_spert import TextReading

if TYPE_CHECKING:
    # For transformers, which looks for such lines in a file's text: before 5.16, it copies of a folder's code what the
    # file itself names, and not what those name in turn.
    from .abbreviations_spert import MONTHS  # noqa: F401
    from .attention_dropout import attend_with_dropout  # noqa: F401
    from .batching_spert import batches_by_length  # noqa: F401
    from .card_spert import make_card  # noqa: F401
    from .forking_spert import make_forks_safe  # noqa: F401
    from .hub_spert import WholeCheckpoint  # noqa: F401
    from .languages_spert import BY_LANGUAGE  # noqa: F401
    from .layers import swap_layers  # noqa: F401
    from .loading_spert import load_checked  # noqa: F401
    from .modeling_spert import SpertModel  # noqa: F401
    from .onednn_linear import OneDnnLinear  # noqa: F401
    from .packing_spert import Packing  # noqa: F401
    from .quick_dropout import QuickDropout  # noqa: F401
    from .sentences_spert import sentence_ranges  # noqa: F401
    from .span_pooling import RangePooler  # noqa: F401
    from .versions_spert import LOWEST_TRANSFORMERS  # noqa: F401
    from .watching_spert import WatchedModule  # noqa: F401
    from .words_spert import split_function  # noqa: F401
    from .workers_spert import side_by_side  # noqa: F401

BATCHES_READ_AHEAD = 16
"""Batches that are read before the first is computed, so that texts of similar length meet in one."""

CHARACTERS_READ_AHEAD = 1 << 20
"""Characters of text after which no more is read ahead: bounds the memory of long texts."""

ERROR_POLICIES = ("raise", "skip")
"""What becomes of an input that is no text."""

BACKENDS = ("torch", "openvino")
"""What may compute the encoder."""

_READERS_KEPT = 8


@dataclass(slots=True)
class _Input:
    """One text: its words, the sequences that they are read in, and, if the text was given as a string, the string and
    the words' character offsets in it; if it was given as words, their places among them. An input that is skipped has
    no words, and an error.
    """

    words: Sequence[str]
    sequences: list[tuple[int, int]]
    text: str | None = None
    offsets: list[tuple[int, int]] | None = None
    places: list[int] | None = None
    error: str | None = None


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
        relation_threshold (`float`, *optional*): lowest score of a relation, 0 … 1. Default: the model's own.
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
        batch_size (`int`, *optional*, defaults to 32): texts (or windows of long ones) computed at once.
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

    def __init__(self, *args: Any, backend: str | None = None, precision: str | None = None, **kwargs: Any) -> None:
        if backend is not None:
            check_choice("backend", backend, BACKENDS)
        if precision is not None and backend != "openvino":
            raise ValueError(f"precision: given {precision!r}, allowed with backend='openvino' only; torch has dtype=…")
        super().__init__(*args, **kwargs)
        check_choice("model", self.model.config.model_type, (SpertConfig.model_type,))
        if backend == "openvino":
            _use_openvino(self.model, precision or "float32")
        self.spert_processor = SpertProcessor.for_config(self.tokenizer, self.model.config)
        self._readers: dict[tuple[TextReading, int], TextReader] = {}
        self.text_reader(**self._preprocess_params)  # what does not serve is said at once

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
        relation_threshold: float | None = None,
        overlap: str | None = None,
        words: Any = None,
        sequences: str | None = None,
        split_sentences: bool | None = None,
        errors: str | None = None,
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        preprocess: dict[str, Any] = {}
        forward: dict[str, Any] = {}
        if split_sentences is not None:
            check_flag("split_sentences", split_sentences)
            warnings.warn("split_sentences: give sequences='document' instead of False", FutureWarning, stacklevel=3)
            if sequences is None and not split_sentences:
                sequences = "document"
        if words is not None:
            preprocess["words"] = words
        if sequences is not None:
            preprocess["sequences"] = sequences
        if relation_threshold is not None:
            if isinstance(relation_threshold, Real) and not isinstance(relation_threshold, int):
                relation_threshold = float(relation_threshold)  # NumPy has numbers of its own
            check_fraction("relation_threshold", relation_threshold)
            forward["relation_threshold"] = relation_threshold
        if overlap is not None:
            check_choice("overlap", overlap, OVERLAP_POLICIES)
            forward["overlap"] = overlap
        if errors is not None:
            check_choice("errors", errors, ERROR_POLICIES)
        return preprocess, forward, {} if errors is None else {"errors": errors}

    def __call__(self, inputs: Any, *, batch_size: int | None = None, **kwargs: Any) -> Any:
        """Extract from one text or many; see the class for what is taken and given."""
        batch_size = next(size for size in (batch_size, self._batch_size, DEFAULT_BATCH_SIZE) if size is not None)
        if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
            raise ValueError(f"batch_size: given {batch_size!r}, allowed a whole number from 1 on")
        preprocess, forward, postprocess = self._sanitize_parameters(**kwargs)
        preprocess = {**self._preprocess_params, **preprocess}
        self.text_reader(**preprocess)  # before any text is read
        forward = {**self._forward_params, **forward, "batch_size": batch_size}
        postprocess = {**self._postprocess_params, **postprocess}
        if is_one(inputs) or (postprocess.get("errors") == "skip" and not is_collection(inputs)):
            return next(self._stream([plain(inputs)], preprocess, forward, postprocess))
        results = self._stream(items_of(inputs), preprocess, forward, postprocess)
        return list(results) if has_length(inputs) else results

    def _stream(
        self, inputs: Iterable[Any], preprocess: dict[str, Any], forward: dict[str, Any], postprocess: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        """Yield one result an input, reading a few batches ahead."""
        skip = postprocess.get("errors") == "skip"
        for chunk in read_ahead(enumerate(inputs), forward["batch_size"]):
            texts = [self._read(item, number, skip, preprocess) for number, item in chunk]
            for text, prediction in zip(texts, self.forward(texts, **forward), strict=True):
                yield self.postprocess((text, prediction), **postprocess)

    def _read(self, item: Any, number: int, skip: bool, preprocess: dict[str, Any]) -> _Input:
        """Preprocess an input; if it can't be, say why in place of its words, or raise."""
        try:
            return self.preprocess(item, number, **preprocess)
        except ValueError as error:
            if not skip:
                raise
            return _Input([], [], error=str(error))

    def preprocess(self, inputs: Any, number: int = 0, words: Any = None, sequences: str | None = None) -> _Input:
        """Split a string into words and sequences, or take the words given.

        Raises:
            ValueError: naming the input by its `number` if it is neither.
        """
        if isinstance(inputs, Mapping):
            if "tokens" not in inputs and not isinstance(plain(inputs.get("text", "")), str):
                raise ValueError(
                    f"input {number}: text: given {repr(inputs['text'])[:80]}, allowed a string (of a data set's rows, "
                    "give the column)"
                )
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
        raise ValueError(f"input {number}: given {repr(inputs)[:80]}, allowed a string or a list of words")

    def _forward(self, model_inputs: list[_Input], **parameters: Any) -> list[Prediction]:
        sequences = [text.words[start:end] for text in model_inputs for start, end in text.sequences]
        found = iter(predict(self.model, self.spert_processor, sequences, **parameters))
        return [concatenate(list(islice(found, len(text.sequences))), text.sequences) for text in model_inputs]

    def postprocess(self, model_outputs: tuple[_Input, Prediction], errors: str = "raise") -> dict[str, Any]:
        """Turn a prediction into plain JSON, entities in text order; a skipped input's has an `error`."""
        text, prediction = model_outputs
        prediction = in_text_order(prediction)
        result: dict[str, Any] = {
            "entities": [_entity_record(text, entity) for entity in prediction.entities],
            "relations": [
                {"type": relation.type, "score": relation.score, "head": relation.head, "tail": relation.tail}
                for relation in prediction.relations
            ],
        }
        return result if text.error is None else result | {"error": text.error}


def _use_openvino(model: Any, precision: str) -> None:
    """Have OpenVINO compute the encoder, by the package, as that part of it does not travel with a checkpoint.

    Raises:
        ImportError: if the package is not installed.
    """
    try:
        package = import_module("spert_hf.openvino")
    except ImportError as error:
        raise ImportError(
            f"backend: given 'openvino', which needs the package: pip install \"spert-hf[openvino]\" ({error})"
        ) from error
    package.use_openvino(model, precision)


def read_ahead(numbered_inputs: Iterable[tuple[int, Any]], batch_size: int) -> Iterator[list[tuple[int, Any]]]:
    """Group inputs as the pipeline reads them; where a group ends depends on nothing that came before its first input.

    Args:
        numbered_inputs: pairs of a number and an input of the pipeline.
        batch_size: of the call.
    """
    group: list[tuple[int, Any]] = []
    characters = 0
    for number, item in numbered_inputs:
        group.append((number, item))
        characters += _length(item)
        if len(group) == batch_size * BATCHES_READ_AHEAD or characters >= CHARACTERS_READ_AHEAD:
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
