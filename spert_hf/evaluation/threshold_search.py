"""REL+ at several relation thresholds, and the search for the best one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..data.documents import Document
from ..data.neighbours import in_whole_documents, number_by_document
from ..model.inference import DEFAULT_BATCH_SIZE, predict_at_thresholds
from ..model.modeling_spert import SpertModel
from ..model.processing_spert import SpertProcessor
from .model_evaluation import count_found
from .spert_metric.scoring import Score, TaskCounts, score_of_counts


@dataclass(frozen=True)
class ThresholdScores:
    """REL+ at one threshold, over all relations and by type."""

    threshold: float
    micro: Score
    by_type: dict[str, Score]


def score_thresholds(
    model: SpertModel,
    processor: SpertProcessor,
    documents: Sequence[Document],
    thresholds: Iterable[float],
    batch_size: int = DEFAULT_BATCH_SIZE,
) -> list[ThresholdScores]:
    """Score a model's relations (REL+) at each threshold; the encoder reads the documents once.

    Decoding is repeated for each threshold, since it decides which score of a symmetric relation is kept. Only a few
    documents are held at a time, since an untrained model predicts thousands of relations in each.

    Args:
        model: the model, in evaluation mode.
        processor: the model's processor.
        documents: annotated documents with the model's types.
        thresholds: relation thresholds, the lowest scores of predicted relations.
        batch_size: number of documents (or windows of long ones) that are computed at once.
    """
    wanted = list(thresholds)
    counts = [TaskCounts() for _ in wanted]
    for part in in_whole_documents(documents, batch_size, processor.context_window):
        numbers = number_by_document(part, processor.context_window)
        tokens = [one.tokens for one in part]
        found = predict_at_thresholds(model, processor, tokens, wanted, batch_size, documents=numbers)
        for of_threshold, predictions in zip(counts, found, strict=True):
            of_threshold.update(count_found(model.config, part, predictions).tasks["rel_plus"])
    nothing = dict.fromkeys(model.config.relation_types, score_of_counts(0, 0, 0))
    scores = [of_threshold.scores() for of_threshold in counts]
    return [
        ThresholdScores(threshold, one.micro, nothing | one.per_type)
        for threshold, one in zip(wanted, scores, strict=True)
    ]


def best_threshold(scores: Mapping[float, Score], own: float) -> float:
    """Return the threshold with the best F1; of several, the one closest to the model's own."""
    return max(scores, key=lambda threshold: (scores[threshold].f1, -abs(threshold - own), -threshold))
