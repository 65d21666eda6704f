"""Predictions for many sentences at once: windows, batches of similar length, and back into the order of the input."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import torch
from transformers import PreTrainedModel

from .configuration_spert import SpertConfig
from .cpu_scheduling import batches_by_length, share_out
from .cpu_workers import count_workers, side_by_side
from .decoding import decode, keep_types, merge_windows, resolve_overlaps
from .forking import computing, is_forked
from .output import Prediction, SpertScores
from .processing_spert import EncodedWords, SpertProcessor
from .runtime import EncoderRuntime
from .selection import ALL, Selection, Threshold

DEFAULT_BATCH_SIZE = 32

Result = TypeVar("Result")


class ScoringModel(Protocol):
    """What inference needs of a model; [`SpertModel`] is one."""

    config: SpertConfig

    @property
    def device(self) -> torch.device:
        """Where its tensors are."""

    @property
    def encoder(self) -> PreTrainedModel:
        """The model's encoder."""

    @property
    def runtime(self) -> EncoderRuntime:
        """What computes it."""

    def __call__(self, **inputs: torch.Tensor) -> SpertScores:
        """Score all spans and pairs of a batch."""


_Numbers = tuple[int, int, int]


@dataclass(slots=True)
class Window:
    """What of a sentence goes through the encoder at once: most often all of it.

    Args:
        sentence: the sentence's index.
        start: its first word in the sentence.
        end: its end there, exclusive.
        words: its sub-words.
    """

    sentence: int
    start: int
    end: int
    words: EncodedWords


def cut_windows(processor: SpertProcessor, sentences: Sequence[Sequence[str]]) -> list[Window]:
    """Encode sentences given as words, cut into windows where they are too long; those without a word have none."""
    filled = [index for index, sentence in enumerate(sentences) if len(sentence)]
    with computing():  # the tokenizer may hold locks, too
        encoded = processor.encode([sentences[index] for index in filled])
    return [
        Window(index, start, end, words.window(start, end))
        for index, words in zip(filled, encoded, strict=True)
        for start, end in processor.windows(words)
    ]


def score_windows(
    model: ScoringModel, processor: SpertProcessor, windows: Sequence[Window], batch_size: int
) -> Iterator[tuple[list[int], SpertScores]]:
    """Score all spans and pairs of windows, in batches of similar length.

    Args:
        model: in evaluation mode.
        processor: of the model's tokenizer.
        windows: in any order.
        batch_size: windows that go through the encoder at once, at most.

    Returns:
        For each batch, in any order, the indices of its windows, in the order of its rows, and the model's output for
        them. On a CPU several are computed at once.
    """
    return compute_batches(model, processor, windows, batch_size, lambda batch, output: (batch, output))


def compute_batches(
    model: ScoringModel,
    processor: SpertProcessor,
    windows: Sequence[Window],
    batch_size: int,
    use: Callable[[list[int], SpertScores], Result],
    entities: Sequence[Sequence[_Numbers]] | None = None,
) -> Iterator[Result]:
    """Do what [`score_windows`] does, and yield what a function makes of each batch.

    Args:
        model: in evaluation mode.
        processor: of the model's tokenizer.
        windows: in any order.
        batch_size: windows that go through the encoder at once, at most.
        use: called with what [`score_windows`] yields, where that was computed: in this thread, torch's threads would
            wake for it, and take the workers' cores for a while after.
        entities: of each window those that are paired in place of predicted ones: first word, end word, type's number.
    """
    lengths = [len(window.words.input_ids) for window in windows]
    runtime = model.runtime
    padding_cost = runtime.padding_cost(model.encoder)
    batches = batches_by_length(range(len(windows)), lengths, batch_size, padding_cost)

    def compute(batch: list[int]) -> Result:
        inputs = processor.collate([windows[index].words for index in batch])
        if entities is not None:
            numbers = [(row, *entity) for row, index in enumerate(batch) for entity in entities[index]]
            inputs["entities"] = torch.tensor(numbers, dtype=torch.int64).view(-1, 4)
        with computing(), torch.inference_mode():
            return use(batch, model(**{name: tensor.to(model.device) for name, tensor in inputs.items()}))

    # Autocast is switched on for a thread, and so would be off in the workers.
    workers = count_workers() if model.device.type == "cpu" and not torch.is_autocast_enabled("cpu") else 0
    if workers > 1 and runtime.workers_pay_from is not None:
        shared = share_out(batches, lengths, workers, padding_cost or 0.0, runtime.workers_pay_from)
        if shared:
            return side_by_side(compute, shared, workers)
    if workers and runtime.has_own_threads:
        # Torch's threads stay awake for a while after they have computed, and would keep the runtime's own waiting.
        return side_by_side(compute, batches, 1, threads=1)
    if workers > 1 and is_forked():
        return side_by_side(compute, batches, 1, threads=torch.get_num_threads())
    return map(compute, batches)


def predict(
    model: ScoringModel,
    processor: SpertProcessor,
    sentences: Sequence[Sequence[str]],
    batch_size: int = DEFAULT_BATCH_SIZE,
    relation_threshold: Threshold = None,
    overlap: str | None = None,
    selection: Selection = ALL,
    given: Sequence[Sequence[tuple[int, int, str]]] | None = None,
) -> list[Prediction]:
    """Predict entities and relations of sentences (or longer texts) given as words.

    Args:
        model: in evaluation mode.
        processor: of the model's tokenizer.
        sentences: words; a sentence may be empty. Texts longer than the encoder takes are windowed.
        batch_size: windows that go through the encoder at once, at most.
        relation_threshold: lowest score of a relation, or of those of some types by type; by default the config's.
        overlap: what becomes of entities that overlap, see [`resolve_overlaps`]; by default the config's.
        selection: what is kept of what is found; by default all.
        given: entities of each sentence, first word, end word and type, between which relations are looked for; each
            once, of `max_span_size` words at most. They are all kept, with the model's scores.

    Returns:
        One prediction a sentence, in the order given, entities and relations in the order of decoding.
    """
    (predictions,) = predict_at_thresholds(
        model, processor, sentences, [relation_threshold], batch_size, overlap, selection, given
    )
    return predictions


@torch.inference_mode()
def predict_at_thresholds(
    model: ScoringModel,
    processor: SpertProcessor,
    sentences: Sequence[Sequence[str]],
    relation_thresholds: Sequence[Threshold],
    batch_size: int = DEFAULT_BATCH_SIZE,
    overlap: str | None = None,
    selection: Selection = ALL,
    given: Sequence[Sequence[tuple[int, int, str]]] | None = None,
) -> list[list[Prediction]]:
    """Do what [`predict`] does for several thresholds, with the sentences scored once.

    Returns:
        For each threshold the predictions of all sentences.
    """
    windows = cut_windows(processor, sentences)
    decoded = [[Prediction()] * len(windows) for _ in relation_thresholds]
    entities = None
    if given is not None:
        entities = [_entities_in(window, given[window.sentence], model.config.entity_types) for window in windows]
        overlap, selection = "keep", Selection(relation_types=selection.relation_types)

    def decode_batch(batch: list[int], output: SpertScores) -> tuple[list[int], list[list[Prediction]]]:
        return batch, [
            decode(output, model.config, len(batch), threshold, selection) for threshold in relation_thresholds
        ]

    for batch, at_thresholds in compute_batches(model, processor, windows, batch_size, decode_batch, entities):
        for at_threshold, found in zip(decoded, at_thresholds, strict=True):
            for index, prediction in zip(batch, found, strict=True):
                at_threshold[index] = prediction
    parts: list[list[int]] = [[] for _ in sentences]
    for index, window in enumerate(windows):
        parts[window.sentence].append(index)
    policy = overlap or model.config.overlap
    return [
        [
            keep_types(resolve_overlaps(_merge(at_threshold, windows, part), policy), selection.entity_types)
            for part in parts
        ]
        for at_threshold in decoded
    ]


def _entities_in(window: Window, given: Sequence[tuple[int, int, str]], types: Sequence[str]) -> list[_Numbers]:
    """The given entities that lie in a window, in its words, in the order in which the model finds its own."""
    return sorted(
        (
            (start - window.start, end - window.start, types.index(name) + 1)
            for start, end, name in given
            if window.start <= start and end <= window.end
        ),
        key=lambda entity: (entity[1] - entity[0], *entity),
    )


def _merge(decoded: Sequence[Prediction], windows: Sequence[Window], part: Sequence[int]) -> Prediction:
    """Put together what was found in the windows of one sentence."""
    return merge_windows(
        [decoded[index] for index in part], [(windows[index].start, windows[index].end) for index in part]
    )
