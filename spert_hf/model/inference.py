"""Prediction for many texts: pieces, batches of similar length, and results in the order of the input."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

import torch
from transformers import PreTrainedModel

from .configuration_spert import SpertConfig
from .cpu_scheduling import batches_by_length, share_out
from .cpu_workers import count_workers, side_by_side
from .decoding import CandidateScores, decode_arrays, to_arrays
from .extraction import DEFAULT_BATCH_SIZE
from .forking import computing, is_forked
from .output import SpertScores
from .pieces import (
    EntityNumbers,
    Piece,
    Ranges,
    cut,
    entities_in,
    group_by_window,
    parts_of_texts,
    put_together,
    windows_at_once,
)
from .predictions import Prediction, PredictionArrays
from .processing_spert import SpertProcessor
from .runtime import EncoderRuntime
from .selection import ALL, Selection, Threshold

Result = TypeVar("Result")


class ScoringModel(Protocol):
    """The interface of a model that inference needs; [`SpertModel`] implements it."""

    config: SpertConfig

    @property
    def device(self) -> torch.device:
        """The device of the model."""

    @property
    def encoder(self) -> PreTrainedModel:
        """The model's encoder."""

    @property
    def runtime(self) -> EncoderRuntime:
        """The runtime that computes the encoder."""

    def __call__(self, **inputs: torch.Tensor) -> SpertScores:
        """Score all spans and pairs of a batch."""


def score_pieces(
    model: ScoringModel, processor: SpertProcessor, pieces: Sequence[Piece], batch_size: int
) -> Iterator[tuple[list[int], SpertScores]]:
    """Score all spans and pairs of pieces, in batches of similar length.

    Args:
        model: the model in evaluation mode.
        processor: its processor.
        pieces: the pieces, in any order.
        batch_size: see [`compute_batches`].

    Yields:
        For each batch, in any order, the indices of its pieces, in the order of its rows, and the model's output. On a
        CPU, several batches are computed in parallel.
    """
    return compute_batches(model, processor, pieces, batch_size, lambda batch, output: (batch, output))


def compute_batches(
    model: ScoringModel,
    processor: SpertProcessor,
    pieces: Sequence[Piece],
    batch_size: int,
    use: Callable[[list[int], SpertScores], Result],
    entities: Sequence[Sequence[EntityNumbers]] | None = None,
) -> Iterator[Result]:
    """Score pieces like [`score_pieces`], and yield the result of a function for each batch.

    Args:
        model: the model in evaluation mode.
        processor: its processor.
        pieces: the pieces, in any order.
        batch_size: number of pieces in a batch, at most unless several share a window.
        use: called with the items of [`score_pieces`] in the thread that computed them: in this thread, it would wake
            torch's threads, which would occupy the workers' cores for a while.
        entities: for each piece, entities to pair instead of predicted ones: first word, end word, index of the type.

    Yields:
        The results of `use`.
    """
    groups = group_by_window(pieces)
    lengths = [len(pieces[group[0]].encoder_input.input_ids) for group in groups]
    runtime = model.runtime
    padding_cost = runtime.padding_cost(model.encoder)
    batches = batches_by_length(range(len(groups)), lengths, windows_at_once(batch_size, groups), padding_cost)

    def compute(windows: list[int]) -> Result:
        batch = [index for window in windows for index in groups[window]]
        inputs = processor.collate_pieces([pieces[index] for index in batch])
        if entities is not None:
            numbers = [(row, *entity) for row, index in enumerate(batch) for entity in entities[index]]
            inputs["entities"] = torch.tensor(numbers, dtype=torch.int64).view(-1, 4)
        with computing(), torch.inference_mode():
            return use(batch, model(**{name: tensor.to(model.device) for name, tensor in inputs.items()}))

    # Autocast is a state of the thread, so workers would not have it.
    workers = count_workers() if model.device.type == "cpu" and not torch.is_autocast_enabled("cpu") else 0
    if workers > 1 and runtime.workers_pay_from is not None:
        shared = share_out(batches, lengths, workers, padding_cost or 0.0, runtime.workers_pay_from)
        if shared:
            return side_by_side(compute, shared, workers)
    if workers and runtime.has_own_threads:
        # Torch's threads spin for a while after a computation, and would compete with those of the runtime.
        return side_by_side(compute, batches, 1, threads=1)
    if workers > 1 and is_forked():
        return side_by_side(compute, batches, 1, threads=torch.get_num_threads())
    return map(compute, batches)


def predict(
    model: ScoringModel,
    processor: SpertProcessor,
    texts: Sequence[Sequence[str]],
    batch_size: int = DEFAULT_BATCH_SIZE,
    relation_threshold: Threshold = None,
    overlap: str | None = None,
    selection: Selection = ALL,
    given: Sequence[Sequence[tuple[int, int, str]]] | None = None,
    sequences: Sequence[Ranges] | None = None,
    documents: Sequence[int] | None = None,
) -> list[Prediction]:
    """Predict entities and relations of texts given as words.

    Args:
        model: the model in evaluation mode.
        processor: its processor.
        texts: the words of each text, possibly none. Texts longer than the encoder's maximum length are windowed.
        batch_size: see [`compute_batches`].
        relation_threshold: minimum score of a relation, or a mapping by type; default: the config's.
        overlap: the overlap policy, see [`resolve_overlaps`]; default: the config's.
        selection: the predictions to keep; default: all.
        given: for each text, entities (first word, end word, type) to use instead of predicted ones, without duplicates
            and of at most `max_span_size` words. All are kept, with the model's scores.
        sequences: for each text, the ranges of words that are sequences, see [`cut`]; default: a single sequence.
        documents: for each text, the number of its document, see [`cut`]; default: each text is one.

    Returns:
        One prediction per text, in the given order; entities and relations in the order of decoding.
    """
    pieces = cut(processor, texts, sequences, documents)
    entities = None
    if given is not None:
        entities = [entities_in(piece, given[piece.text], model.config.entity_types) for piece in pieces]
        overlap, selection = "keep", Selection(relation_types=selection.relation_types)
    (found,) = _decode_pieces(model, processor, pieces, [relation_threshold], batch_size, selection, entities)
    policy = overlap or model.config.overlap
    return [
        put_together(found[part], pieces[part], model.config, policy, selection)
        for part in parts_of_texts(pieces, len(texts))
    ]


def predict_arrays(
    model: ScoringModel,
    processor: SpertProcessor,
    texts: Sequence[Sequence[str]],
    batch_size: int = DEFAULT_BATCH_SIZE,
    relation_threshold: Threshold = None,
    overlap: str | None = None,
    selection: Selection = ALL,
    sequences: Sequence[Ranges] | None = None,
    documents: Sequence[int] | None = None,
) -> list[PredictionArrays]:
    """Do what [`predict`] does, and give it as arrays."""
    (found,) = predict_at_thresholds(
        model, processor, texts, [relation_threshold], batch_size, overlap, selection, sequences, documents
    )
    return found


@torch.inference_mode()
def predict_at_thresholds(
    model: ScoringModel,
    processor: SpertProcessor,
    texts: Sequence[Sequence[str]],
    relation_thresholds: Sequence[Threshold],
    batch_size: int = DEFAULT_BATCH_SIZE,
    overlap: str | None = None,
    selection: Selection = ALL,
    sequences: Sequence[Ranges] | None = None,
    documents: Sequence[int] | None = None,
) -> list[list[PredictionArrays]]:
    """Predict like [`predict_arrays`] for several thresholds, scoring the texts only once.

    Returns:
        For each threshold, what is found in each text.
    """
    pieces = cut(processor, texts, sequences, documents)
    policy = overlap or model.config.overlap
    stays = policy == "keep" and selection.entity_types is None

    def whole(found: Sequence[PredictionArrays], of_text: Sequence[Piece]) -> PredictionArrays:
        if stays and len(of_text) == 1 and of_text[0].start == 0:
            return found[0]
        return to_arrays(put_together(found, of_text, model.config, policy, selection), model.config)

    parts = parts_of_texts(pieces, len(texts))
    decoded = _decode_pieces(model, processor, pieces, relation_thresholds, batch_size, selection)
    return [[whole(found[part], pieces[part]) for part in parts] for found in decoded]


@torch.inference_mode()
def _decode_pieces(
    model: ScoringModel,
    processor: SpertProcessor,
    pieces: Sequence[Piece],
    relation_thresholds: Sequence[Threshold],
    batch_size: int,
    selection: Selection,
    entities: Sequence[Sequence[EntityNumbers]] | None = None,
) -> list[list[PredictionArrays]]:
    """For each threshold what is found in each piece, in the order of the pieces."""
    decoded: list[dict[int, PredictionArrays]] = [{} for _ in relation_thresholds]

    def decode_batch(batch: list[int], output: SpertScores) -> tuple[list[int], list[list[PredictionArrays]]]:
        scores = candidate_scores(output)
        return batch, [
            decode_arrays(scores, model.config, len(batch), threshold, selection) for threshold in relation_thresholds
        ]

    for batch, at_thresholds in compute_batches(model, processor, pieces, batch_size, decode_batch, entities):
        for at_threshold, found in zip(decoded, at_thresholds, strict=True):
            at_threshold.update(zip(batch, found, strict=True))
    return [[at_threshold[index] for index in range(len(pieces))] for at_threshold in decoded]


def candidate_scores(output: SpertScores) -> CandidateScores:
    """Take what decoding needs of a model's output, on the CPU.

    Args:
        output: the output of [`SpertModel.forward`] without candidates.

    Returns:
        The scores, as arrays.
    """
    rows, starts, ends, _ = output.entities.unbind(-1)
    of_entities = output.entity_logits[rows, ends - starts - 1, starts]
    relation_logits = output.relation_logits
    return CandidateScores(
        output.entities.cpu().numpy(),
        of_entities.float().cpu().numpy(),
        output.pairs.cpu().numpy(),
        None if relation_logits is None else relation_logits.float().cpu().numpy(),
    )
