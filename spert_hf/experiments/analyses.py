"""What else is computed of each trained model: functions of the model and of the documents that it is scored on."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

from ..data.documents import Document
from ..evaluation.model_evaluation import count_found, count_in_tokens
from ..evaluation.threshold_search import score_thresholds
from ..model.inference import DEFAULT_BATCH_SIZE, predict_arrays
from ..model.modeling_spert import SpertModel
from ..model.predictions import PredictionArrays
from ..model.processing_spert import SpertProcessor

THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(1, 20))
"""Relation thresholds, from 0.05 to 0.95."""
LENGTH_LIMITS = (20, 35, 50)
"""The most tokens of a sentence in each group but the last."""

Analysis = Callable[[SpertModel, SpertProcessor, Sequence[Document]], Any]


def threshold_curve(
    model: SpertModel, processor: SpertProcessor, documents: Sequence[Document]
) -> list[dict[str, float]]:
    """Return REL+ (micro, in percent) at each of `THRESHOLDS`."""
    return [
        {
            "threshold": one.threshold,
            "precision": one.micro.precision,
            "recall": one.micro.recall,
            "f1": one.micro.f1,
        }
        for one in score_thresholds(model, processor, documents, THRESHOLDS)
    ]


def sentence_lengths(
    model: SpertModel, processor: SpertProcessor, documents: Sequence[Document]
) -> list[dict[str, Any]]:
    """Return REL+ (micro, in percent) by the length of sentences in tokens, without groups that have no sentence."""
    # All at once, as sentences of different lengths may be each other's context.
    found: list[PredictionArrays] = []
    predict = partial(predict_arrays, model, processor)
    count_in_tokens(predict, model.config, documents, DEFAULT_BATCH_SIZE, keep=found.extend)
    groups: dict[int, list[int]] = {}
    for number, document in enumerate(documents):
        groups.setdefault(sum(len(document.tokens) > limit for limit in LENGTH_LIMITS), []).append(number)
    scores = []
    for group, numbers in sorted(groups.items()):
        counts = count_found(model.config, [documents[one] for one in numbers], [found[one] for one in numbers])
        score = counts.tasks["rel_plus"].scores().micro
        scores.append(
            {"tokens": _range_name(group), "documents": len(numbers), "relations": score.support, "f1": score.f1}
        )
    return scores


ANALYSES: Mapping[str, Analysis] = MappingProxyType(
    {"thresholds": threshold_curve, "sentence_lengths": sentence_lengths}
)
"""All analyses, by name. They are made for each run, since another table may need them when the model is removed."""


def _range_name(group: int) -> str:
    first = LENGTH_LIMITS[group - 1] + 1 if group else 1
    return f"{first}–{LENGTH_LIMITS[group]}" if group < len(LENGTH_LIMITS) else f"{first} or more"
