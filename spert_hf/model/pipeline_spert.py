"""The "spert-extraction" pipeline: strings or words in, entities and relations out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from huggingface_hub import CommitInfo
from transformers import Pipeline

from .decoding_spert import OVERLAP_POLICIES, Prediction, in_text_order, resolve_overlaps
from .inference_spert import DEFAULT_BATCH_SIZE, predict
from .processing_spert import SpertProcessor, split_words

BATCHES_READ_AHEAD = 8
"""Batches that are read before the first is computed, so that texts of similar length meet in one."""


@dataclass(slots=True)
class _Input:
    """One text: its words and, if it was given as a string, the string and the words' character offsets in it."""

    words: Sequence[str]
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
        overlap (`str`, *optional*, defaults to `"keep"`): entities that overlap are all kept, all dropped (`"drop"`),
            or thinned out to the best scored ones (`"best"`); relations go with their entities.
        batch_size (`int`, *optional*, defaults to 32): texts (or windows of long ones) computed at once.
    """

    _load_processor = False
    _load_image_processor = False
    _load_video_processor = False
    _load_feature_extractor = False
    _load_tokenizer = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.spert_processor = SpertProcessor(self.tokenizer, self.model.config.max_sequence_length)

    def push_to_hub(self, repo_id: str, **upload: Any) -> CommitInfo:
        """Upload the pipeline, which is its model and tokenizer; see [`SpertModel.push_to_hub`]."""
        return self.model.push_to_hub(repo_id, **{"tokenizer": self.tokenizer, **upload})

    def _sanitize_parameters(
        self, relation_threshold: float | None = None, overlap: str | None = None
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        forward, postprocess = {}, {}
        if relation_threshold is not None:
            if isinstance(relation_threshold, bool) or not 0 <= relation_threshold <= 1:
                raise ValueError(f"relation_threshold: given {relation_threshold!r}, allowed a number from 0 to 1")
            forward["relation_threshold"] = relation_threshold
        if overlap is not None:
            if overlap not in OVERLAP_POLICIES:
                raise ValueError(f"overlap: given {overlap!r}, allowed {', '.join(map(repr, OVERLAP_POLICIES))}")
            postprocess["overlap"] = overlap
        return {}, forward, postprocess

    def __call__(self, inputs: Any, *, batch_size: int | None = None, **kwargs: Any) -> Any:
        """Extract from one text or many; see the class for what is taken and given."""
        batch_size = batch_size or self._batch_size or DEFAULT_BATCH_SIZE
        if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
            raise ValueError(f"batch_size: given {batch_size!r}, allowed a whole number from 1 on")
        _, forward, postprocess = self._sanitize_parameters(**kwargs)
        forward = {**self._forward_params, **forward, "batch_size": batch_size}
        postprocess = {**self._postprocess_params, **postprocess}
        if isinstance(inputs, (str, Mapping)):
            return next(self._stream([inputs], forward, postprocess))
        results = self._stream(_items(inputs), forward, postprocess)
        # A data set's column is a sequence like a list; what can't be told its length is streamed.
        return list(results) if isinstance(inputs, Sequence) else results

    def _stream(
        self, inputs: Iterable[Any], forward: dict[str, Any], postprocess: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        """Yield one result an input, reading a few batches ahead."""
        numbered = iter(enumerate(inputs))
        while chunk := list(islice(numbered, forward["batch_size"] * BATCHES_READ_AHEAD)):
            texts = [self.preprocess(item, number) for number, item in chunk]
            for text, prediction in zip(texts, self.forward(texts, **forward), strict=True):
                yield self.postprocess((text, prediction), **postprocess)

    def preprocess(self, inputs: Any, number: int = 0) -> _Input:
        """Split a string into words, or take the words given.

        Raises:
            ValueError: naming the input by its `number` if it is neither.
        """
        if isinstance(inputs, Mapping):
            inputs = inputs.get("tokens", inputs.get("text"))
        if isinstance(inputs, str):
            offsets = split_words(inputs)
            return _Input([inputs[start:end] for start, end in offsets], inputs, offsets)
        if isinstance(inputs, Sequence) and all(isinstance(word, str) for word in inputs):
            return _Input(inputs)
        raise ValueError(f"input {number}: given {repr(inputs)[:80]}, allowed a string or a list of words")

    def _forward(self, model_inputs: list[_Input], **parameters: Any) -> list[Prediction]:
        return predict(self.model, self.spert_processor, [text.words for text in model_inputs], **parameters)

    def postprocess(self, model_outputs: tuple[_Input, Prediction], overlap: str = "keep") -> dict[str, Any]:
        """Turn a prediction into plain JSON, entities in text order."""
        text, prediction = model_outputs
        prediction = in_text_order(resolve_overlaps(prediction, overlap))
        return {
            "entities": [_entity_record(text, entity) for entity in prediction.entities],
            "relations": [
                {"type": relation.type, "score": relation.score, "head": relation.head, "tail": relation.tail}
                for relation in prediction.relations
            ],
        }


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
    if isinstance(inputs, Iterable):
        return inputs
    if hasattr(inputs, "__getitem__") and hasattr(inputs, "__len__"):
        return (inputs[index] for index in range(len(inputs)))
    raise ValueError(
        f"inputs: given {type(inputs).__name__}, allowed a string, a list of strings or of lists of words, "
        "a data set's column or a generator"
    )
