"""The "spert-extraction" pipeline: strings or words in, entities and relations out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from numbers import Real
from typing import Any

from transformers import Pipeline

from .configuration_spert import OVERLAP_POLICIES, SpertConfig
from .decoding_spert import Prediction, concatenate, in_text_order
from .inference_spert import DEFAULT_BATCH_SIZE, predict
from .processing_spert import SpertProcessor, split_words
from .sentences_spert import sentence_ranges
from .setting_checks_spert import check_choice, check_flag, check_fraction

BATCHES_READ_AHEAD = 16
"""Batches that are read before the first is computed, so that texts of similar length meet in one."""

CHARACTERS_READ_AHEAD = 1 << 20
"""Characters of text after which no more is read ahead: bounds the memory of long texts."""


@dataclass(slots=True)
class _Input:
    """One text: its words, what of them is read as one sequence each, and, if the text was given as a string, the
    string and the words' character offsets in it.
    """

    words: Sequence[str]
    sentences: list[tuple[int, int]]
    text: str | None = None
    offsets: list[tuple[int, int]] | None = None


class SpertPipeline(Pipeline):
    """Extracts entities and the relations between them.

    ```python
    >>> pipe = pipeline("spert-extraction", model="my-checkpoint")
    >>> pipe("Marian Pell works for Northern Paper in Duluth.")
    {"entities": [{"type": "Peop", "score": 0.99, "text": "Marian Pell", "start": 0, "end": 11,
                   "token_start": 0, "token_end": 2}, …],
     "relations": [{"type": "Work_For", "score": 0.97, "head": 0, "tail": 1}]}
    ```

    A call takes a string, a list of words' lists, a list of either, a column of a `datasets` data set, or a generator:
    a list gives a list, a generator (or a torch data set) a generator, always one result an input and in its order.
    A mapping with `"text"` or `"tokens"` stands for the text or the words in it.

    Args:
        relation_threshold (`float`, *optional*): lowest score of a relation, 0 … 1. Default: the model's own.
        overlap (`str`, *optional*): entities that overlap are all kept (`"keep"`), all dropped (`"drop"`), or thinned
            out to the best scored ones (`"best"`); relations go with their entities. Default: the model's own.
        split_sentences (`bool`, *optional*, defaults to `True`): read a string sentence by sentence, as the model was
            trained; relations are then found within sentences. `False` reads it as one sequence, for models trained on
            whole documents. Lists of words are always read as they are given.
        batch_size (`int`, *optional*, defaults to 32): texts (or windows of long ones) computed at once.
    """

    _load_processor = False
    _load_image_processor = False
    _load_video_processor = False
    _load_feature_extractor = False
    _load_tokenizer = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        check_choice("model", self.model.config.model_type, (SpertConfig.model_type,))
        self.spert_processor = SpertProcessor.for_config(self.tokenizer, self.model.config)

    def push_to_hub(self, repo_id: str, **upload: Any) -> Any:
        """Upload the pipeline, which is its model and tokenizer; see [`SpertModel.push_to_hub`]."""
        return self.model.push_to_hub(repo_id, **{"tokenizer": self.tokenizer, **upload})

    def _sanitize_parameters(
        self,
        relation_threshold: float | None = None,
        overlap: str | None = None,
        split_sentences: bool | None = None,
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        preprocess: dict[str, Any] = {}
        forward: dict[str, Any] = {}
        if split_sentences is not None:
            check_flag("split_sentences", split_sentences)
            preprocess["split_sentences"] = split_sentences
        if relation_threshold is not None:
            if isinstance(relation_threshold, Real) and not isinstance(relation_threshold, int):
                relation_threshold = float(relation_threshold)  # NumPy has numbers of its own
            check_fraction("relation_threshold", relation_threshold)
            forward["relation_threshold"] = relation_threshold
        if overlap is not None:
            check_choice("overlap", overlap, OVERLAP_POLICIES)
            forward["overlap"] = overlap
        return preprocess, forward, {}

    def __call__(self, inputs: Any, *, batch_size: int | None = None, **kwargs: Any) -> Any:
        """Extract from one text or many; see the class for what is taken and given."""
        batch_size = next(size for size in (batch_size, self._batch_size, DEFAULT_BATCH_SIZE) if size is not None)
        if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
            raise ValueError(f"batch_size: given {batch_size!r}, allowed a whole number from 1 on")
        preprocess, forward, postprocess = self._sanitize_parameters(**kwargs)
        preprocess = {**self._preprocess_params, **preprocess}
        forward = {**self._forward_params, **forward, "batch_size": batch_size}
        postprocess = {**self._postprocess_params, **postprocess}
        if isinstance(inputs, (str, Mapping)):
            return next(self._stream([inputs], preprocess, forward, postprocess))
        results = self._stream(_items(inputs), preprocess, forward, postprocess)
        # A data set's column is a sequence like a list; what can't be told its length is streamed.
        return list(results) if isinstance(inputs, Sequence) else results

    def _stream(
        self, inputs: Iterable[Any], preprocess: dict[str, Any], forward: dict[str, Any], postprocess: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        """Yield one result an input, reading a few batches ahead."""
        for chunk in read_ahead(enumerate(inputs), forward["batch_size"]):
            texts = [self.preprocess(item, number, **preprocess) for number, item in chunk]
            for text, prediction in zip(texts, self.forward(texts, **forward), strict=True):
                yield self.postprocess((text, prediction), **postprocess)

    def preprocess(self, inputs: Any, number: int = 0, split_sentences: bool = True) -> _Input:
        """Split a string into words and sentences, or take the words given.

        Raises:
            ValueError: naming the input by its `number` if it is neither.
        """
        if isinstance(inputs, Mapping):
            if "tokens" not in inputs and not isinstance(inputs.get("text", ""), str):
                raise ValueError(
                    f"input {number}: text: given {repr(inputs['text'])[:80]}, allowed a string (of a data set's rows, "
                    "give the column)"
                )
            inputs = _content(inputs)
        if isinstance(inputs, str):
            offsets = split_words(inputs)
            sentences = sentence_ranges(inputs, offsets) if split_sentences else [(0, len(offsets))]
            return _Input([inputs[start:end] for start, end in offsets], sentences, inputs, offsets)
        if isinstance(inputs, Sequence) and all(isinstance(word, str) for word in inputs):
            return _Input(inputs, [(0, len(inputs))])
        raise ValueError(f"input {number}: given {repr(inputs)[:80]}, allowed a string or a list of words")

    def _forward(self, model_inputs: list[_Input], **parameters: Any) -> list[Prediction]:
        sentences = [text.words[start:end] for text in model_inputs for start, end in text.sentences]
        found = iter(predict(self.model, self.spert_processor, sentences, **parameters))
        return [concatenate(list(islice(found, len(text.sentences))), text.sentences) for text in model_inputs]

    def postprocess(self, model_outputs: tuple[_Input, Prediction]) -> dict[str, Any]:
        """Turn a prediction into plain JSON, entities in text order."""
        text, prediction = model_outputs
        prediction = in_text_order(prediction)
        return {
            "entities": [_entity_record(text, entity) for entity in prediction.entities],
            "relations": [
                {"type": relation.type, "score": relation.score, "head": relation.head, "tail": relation.tail}
                for relation in prediction.relations
            ],
        }


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
    return record.get("tokens", record.get("text"))


def _entity_record(text: _Input, entity: Any) -> dict[str, Any]:
    record: dict[str, Any] = {"type": entity.type, "score": entity.score}
    if text.text is None or text.offsets is None:
        record["text"] = " ".join(text.words[entity.start : entity.end])
    else:
        start, end = text.offsets[entity.start][0], text.offsets[entity.end - 1][1]
        record |= {"text": text.text[start:end], "start": start, "end": end}
    return record | {"token_start": entity.start, "token_end": entity.end}


def _items(inputs: Any) -> Iterable[Any]:
    """Items of a collection, also of one that has a length and indices but no iterator (torch data sets)."""
    if hasattr(inputs, "iterrows"):  # a table of pandas, which would give the names of its columns
        raise ValueError(f"inputs: given {type(inputs).__name__}, allowed one of its columns, such as table['text']")
    if isinstance(inputs, Iterable):
        return inputs
    if hasattr(inputs, "__getitem__") and hasattr(inputs, "__len__"):
        return (inputs[index] for index in range(len(inputs)))
    raise ValueError(
        f"inputs: given {type(inputs).__name__}, allowed a string, a list of strings or of lists of words, "
        "a data set's column or a generator"
    )
