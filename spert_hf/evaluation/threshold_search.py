"""REL+ at several relation thresholds, and the threshold that gives the best."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..data.documents import Document
from ..model.decoding import to_records
from ..model.inference import DEFAULT_BATCH_SIZE, predict_at_thresholds
from ..model.modeling_spert import SpertModel
from ..model.processing_spert import SpertProcessor
from .model_evaluation import score_predictions
from .spert_metric.scoring import Score, TaskScores, score_of_counts


@dataclass
class ThresholdScores:
    """REL+ at one threshold: of all relations, and by type."""

    threshold: float
    micro: Score
    by_type: dict[str, Score]

    def add(self, scores: TaskScores) -> None:
        """Count what was found in more documents."""
        self.micro = _together(self.micro, scores.micro)
        for name, score in scores.per_type.items():
            self.by_type[name] = _together(self.by_type[name], score)


def _together(one: Score, other: Score) -> Score:
    return score_of_counts(one.tp + other.tp, one.fp + other.fp, one.fn + other.fn)


def score_thresholds(
    model: SpertModel,
    processor: SpertProcessor,
    documents: Sequence[Document],
    thresholds: Iterable[float],
    batch_size: int = DEFAULT_BATCH_SIZE,
) -> list[ThresholdScores]:
    """Score a model's relations (REL+) at each threshold, with the documents read once.

    Each threshold is decoded anew, as of a symmetric relation the score that is kept depends on it; a few documents at
    a time, as a model that knows nothing finds thousands of relations in each at each threshold.

    Args:
        model: in evaluation mode.
        processor: of the model's tokenizer.
        documents: annotated, of the model's types.
        thresholds: lowest scores of a relation.
        batch_size: documents (or windows of long ones) computed at once.
    """
    names = model.config.relation_types
    nothing = score_of_counts(0, 0, 0)
    scores = [ThresholdScores(threshold, nothing, dict.fromkeys(names, nothing)) for threshold in thresholds]
    wanted = [score.threshold for score in scores]
    for first in range(0, len(documents), batch_size):
        part = documents[first : first + batch_size]
        found = predict_at_thresholds(model, processor, [one.tokens for one in part], wanted, batch_size)
        for score, predictions in zip(scores, found, strict=True):
            score.add(score_predictions(model, part, [to_records(prediction) for prediction in predictions]).rel_plus)
    return scores


def best_threshold(scores: Mapping[float, Score], own: float) -> float:
    """The threshold with the best F1; of several, the nearest to the model's own."""
    return max(scores, key=lambda threshold: (scores[threshold].f1, -abs(threshold - own), -threshold))
