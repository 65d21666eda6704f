"""Predictions of a model for annotated documents, and their scores."""

from collections.abc import Sequence
from typing import Any

from ..data.documents import Document
from ..model.decoding import to_records
from ..model.inference import DEFAULT_BATCH_SIZE, predict
from ..model.modeling_spert import SpertModel
from ..model.processing_spert import SpertProcessor
from ..model.selection import Threshold
from .error_analysis import ErrorAnalysis, analyse_errors
from .spert_metric.scoring import EvaluationResult, score_documents


def predict_documents(
    model: SpertModel,
    processor: SpertProcessor,
    documents: Sequence[Document],
    batch_size: int = DEFAULT_BATCH_SIZE,
    relation_threshold: Threshold = None,
) -> list[dict[str, Any]]:
    """Predict the documents' entities and relations, as records with scores in token offsets, one a document."""
    tokens = [document.tokens for document in documents]
    found = predict(model, processor, tokens, batch_size, relation_threshold)
    return [to_records(prediction) for prediction in found]


def score_predictions(
    model: SpertModel,
    documents: Sequence[Document],
    predictions: Sequence[dict[str, Any]],
    no_overlapping: bool = False,
) -> EvaluationResult:
    """Score a model's predictions of annotated documents; see [`score_documents`]."""
    return score_documents(
        [document.to_record() for document in documents],
        predictions,
        no_overlapping=no_overlapping,
        symmetric_relation_types=model.config.symmetric_relation_types,
    )


def analyse_predictions(
    model: SpertModel,
    documents: Sequence[Document],
    predictions: Sequence[dict[str, Any]],
    no_overlapping: bool = False,
) -> ErrorAnalysis:
    """Find the kinds of the errors in a model's predictions of annotated documents; see [`analyse_errors`]."""
    return analyse_errors(
        [document.to_record() for document in documents],
        predictions,
        no_overlapping=no_overlapping,
        symmetric_relation_types=model.config.symmetric_relation_types,
    )
