"""The "spert-extraction" pipeline, which extracts entities and relations from strings or words."""

import inspect
import warnings
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from typing import Any

from transformers import Pipeline
from transformers.utils import logging

from .choices import BACKENDS
from .configuration_spert import SpertConfig
from .extraction import (
    FORMER_NAMES,
    OF_CALLS_ONLY,
    ExtractionSettings,
    Extractor,
    ReadInput,
    flag,
    positive_or_none,
)
from .inference import predict, predict_arrays
from .messages import must_be
from .predictions import Prediction, PredictionArrays
from .processing_spert import SpertProcessor
from .setting_checks import check_choice, check_keywords
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
from .given_entities import *
from .hub import *
from .input_collections import *
from .languages import *
from .loading import *
from .model_sizes import *
from .modeling_spert import *
from .output import *
from .pieces import *
from .ranking import *
from .runtime import *
from .selection import *
from .sentences import *
from .settings import *
from .signatures import *
from .span_pooling import *
from .span_scoring import *
from .subwords import *
from .text_reader import *
from .tracing import *
from .versions import *
from .watching import *
from .words import *
"""
"""Read by transformers, which copies with a file what lines like these in its text name. Before 5.16 it copies, of a
folder, nothing that those files name in turn."""

_OF_PIPELINES_ONLY = frozenset({"backend", "precision"})
"""Settings of the constructor only."""

_OF_BASE_CLASS = frozenset({"args_parser", "dtype", "num_workers", "torch_dtype"})
"""Keywords that the constructor in transformers accepts without declaring them."""


class SpertPipeline(Extractor, Pipeline):  # type: ignore[misc] # `__call__` takes keywords only
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

    spert_processor: SpertProcessor
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
        self._batches_ahead = positive_or_none("batches_ahead", batches_ahead)
        self._show_progress = flag("show_progress", show_progress)
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
        self._readers = {}
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
        known = cls._settings() - OF_CALLS_ONLY | _OF_PIPELINES_ONLY | (of_base - {"self", "kwargs", "args_parser"})
        check_keywords(set(given) - FORMER_NAMES - of_base, known, "the pipeline")

    @property
    def model_settings(self) -> ExtractionSettings:
        """The model's config."""
        config: SpertConfig = self.model.config
        return config

    def with_progress(self, results: Iterator[dict[str, Any]], total: int | None) -> Iterator[dict[str, Any]]:
        """Yield results with transformers' progress bar."""
        yield from logging.tqdm(results, total=total, desc="extracting", unit=" texts")

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

    def _forward(self, model_inputs: list[ReadInput], **parameters: Any) -> list[Prediction]:
        given = None
        if any(text.entities is not None for text in model_inputs):
            given = [text.entities or () for text in model_inputs]
        texts, sequences = [text.words for text in model_inputs], [text.sequences for text in model_inputs]
        return self.predict_words(texts, given, sequences, **parameters)

    def predict_words(
        self,
        texts: Sequence[Sequence[str]],
        given: Any = None,
        sequences: Any = None,
        documents: Any = None,
        **parameters: Any,
    ) -> list[Prediction]:
        """Predict entities and relations of texts given as words; see [`predict`].

        Args:
            texts: the words of each text.
            given: for each text, entities to use instead of predicted ones.
            sequences: for each text, the ranges of words that are sequences; default: a single sequence.
            documents: for each text, the number of its document; default: each text is one.
            parameters: overrides of the pipeline's settings: `batch_size`, `overlap`, `relation_threshold`, …

        Returns:
            One prediction per text.
        """
        settings = self.prediction_settings(parameters)
        settings |= {"given": given, "sequences": sequences, "documents": documents}
        return predict(self.model, self.spert_processor, texts, **settings)

    def predict_arrays(
        self, texts: Sequence[Sequence[str]], sequences: Any = None, documents: Any = None, **parameters: Any
    ) -> list[PredictionArrays]:
        """Do what [`predict_words`] does, and give it as arrays."""
        settings = self.prediction_settings(parameters)
        settings |= {"sequences": sequences, "documents": documents}
        return predict_arrays(self.model, self.spert_processor, texts, **settings)


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
