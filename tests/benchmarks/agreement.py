"""Whether the package and the reference predict the same."""

from collections.abc import Sequence
from typing import Any

import torch

from spert_hf.model.decoding import to_records
from spert_hf.model.inference import predict

from .reference import ReferenceSpert
from .workloads import Workload

SCORE_TOLERANCE = 1e-5
LOGIT_TOLERANCE = 1e-4


def check_same_predictions(workload: Workload, reference: ReferenceSpert) -> None:
    """Compare the package's predictions, in batches, with the reference's, one sentence at a time.

    Raises:
        RuntimeError: naming the first sentence for which they differ.
    """
    pipeline = workload.pipeline
    ours = predict(pipeline.model, pipeline.spert_processor, workload.words)
    theirs = reference.predict(pipeline.spert_processor, workload.words)
    threshold = pipeline.model.config.relation_threshold
    for words, mine, other in zip(workload.words, map(to_records, ours), theirs, strict=True):
        same = same_prediction(_without_borderline(mine, threshold), _without_borderline(other, threshold))
        if not same and not has_borderline_span(workload, words):
            raise RuntimeError(f"the reference predicts something else for: {' '.join(words)}")


def _without_borderline(record: dict[str, Any], threshold: float) -> dict[str, Any]:
    """A record without the relations whose score is the threshold but for rounding: either side may leave them out."""
    relations = [one for one in record["relations"] if abs(one["score"] - threshold) > SCORE_TOLERANCE]
    return {**record, "relations": relations}


@torch.no_grad()
def has_borderline_span(workload: Workload, words: Sequence[str]) -> bool:
    """Whether two types, or a type and none, are equally good for some span but for rounding: either may be found."""
    processor = workload.pipeline.spert_processor
    logits = workload.pipeline.model(**processor.collate(processor.encode([words]))).entity_logits
    best, second = logits.topk(2, dim=-1).values.unbind(-1)
    return bool((best - second < LOGIT_TOLERANCE).any())


def same_prediction(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Whether two records have the same entities and relations in the same order, with scores that agree."""
    return all(_same_items(ours[kind], theirs[kind]) for kind in ("entities", "relations"))


def _same_items(ours: Sequence[dict[str, Any]], theirs: Sequence[dict[str, Any]]) -> bool:
    if [_without_score(item) for item in ours] != [_without_score(item) for item in theirs]:
        return False
    return all(abs(a["score"] - b["score"]) <= SCORE_TOLERANCE for a, b in zip(ours, theirs, strict=True))


def _without_score(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name != "score"}
