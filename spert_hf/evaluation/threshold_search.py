"""REL+ at several relation thresholds, and the threshold that gives the best."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..data.documents import Document
from ..model.decoding_spert import to_records
from ..model.inference_spert import DEFAULT_BATCH_SIZE, predict_at_thresholds
from ..model.modeling_spert import SpertModel
from ..model.processing_spert import SpertProcessor
from .model_evaluation import score_predictions
from .spert_metric.scoring import TaskScores


@dataclass
class Counts:
    """Relations that are right, spurious and missed."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    def add(self, tp: int, fp: int, fn: int) -> None:
        """Count more of them."""
        self.tp, self.fp, self.fn = self.tp + tp, self.fp + fp, self.fn + fn

    @property
    def precision(self) -> float:
        """In percent; 0 where nothing is found."""
        return _percent(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        """In percent; 0 where there is nothing to be found."""
        return _percent(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float:
        """In percent."""
        return _percent(2 * self.tp, 2 * self.tp + self.fp + self.fn)


def _percent(part: int, whole: int) -> float:
    return 100.0 * part / whole if whole else 0.0


@dataclass(frozen=True)
class ThresholdScores:
    """REL+ counts at one threshold: of all relations, and by type."""

    threshold: float
    micro: Counts
    by_type: dict[str, Counts]

    def add(self, scores: TaskScores) -> None:
        """Count what was found in more documents."""
        for name, score in scores.per_type.items():
            for counts in (self.micro, self.by_type[name]):
                counts.add(score.tp, score.fp, score.fn)


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
    scores = [ThresholdScores(threshold, Counts(), {name: Counts() for name in names}) for threshold in thresholds]
    wanted = [score.threshold for score in scores]
    for first in range(0, len(documents), batch_size):
        part = documents[first : first + batch_size]
        found = predict_at_thresholds(model, processor, [one.tokens for one in part], wanted, batch_size)
        for score, predictions in zip(scores, found, strict=True):
            score.add(score_predictions(model, part, [to_records(prediction) for prediction in predictions]).rel_plus)
    return scores


def best_threshold(counts: Mapping[float, Counts], own: float) -> float:
    """The threshold with the best F1; of several, the nearest to the model's own."""
    return max(counts, key=lambda threshold: (counts[threshold].f1, -abs(threshold - own), -threshold))
