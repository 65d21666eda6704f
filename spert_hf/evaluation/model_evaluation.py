"""Counts of a model's right, spurious and missed predictions for annotated documents."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..data.documents import Document
from ..data.neighbours import in_whole_documents, number_by_document
from ..model.configuration_spert import SpertConfig
from ..model.modeling_spert import SpertModel
from ..model.predictions import PredictionArrays
from .array_counts import Items, count_items
from .error_analysis import ErrorAnalysis, analyse_errors
from .spert_metric.scoring import Counts

BATCHES_AT_ONCE = 8
"""Number of batches whose documents are sorted by length and counted together."""


class Predict(Protocol):
    """Predicts texts given as words; [`SpertPipeline.predict_arrays`] is one."""

    def __call__(
        self, texts: Sequence[Sequence[str]], *, batch_size: int, documents: Sequence[int]
    ) -> list[PredictionArrays]:
        """Return one prediction per text, computing `batch_size` texts at once; `documents` are their numbers."""


Count = Callable[[Sequence[Document], int, bool], Counts]
"""Counts predictions for documents, given the batch size and whether to leave out overlapping entities."""


def count_in_parts(
    count: Count, documents: Sequence[Document], batch_size: int, no_overlapping: bool, context_window: int
) -> Iterator[Counts]:
    """Count predictions for a few batches of documents at a time, so that only their predictions are in memory.

    Args:
        count: counts predictions for some documents.
        documents: all documents.
        batch_size: number of documents that are computed at once.
        no_overlapping: whether to leave out overlapping entities; see [`score_documents`].
        context_window: the model's setting, with which sentences of a document are counted together.
    """
    for part in in_whole_documents(documents, batch_size * BATCHES_AT_ONCE, context_window):
        yield count(part, batch_size, no_overlapping)


def count_in_tokens(
    predict: Predict,
    config: SpertConfig,
    documents: Sequence[Document],
    batch_size: int,
    no_overlapping: bool = False,
    keep: Callable[[list[PredictionArrays]], object] | None = None,
) -> Counts:
    """Count a model's predictions for documents, given as their own tokens.

    Args:
        predict: predicts with the model.
        config: the model's config.
        documents: annotated documents with the model's types.
        batch_size: number of documents that are computed at once.
        no_overlapping: whether to leave out overlapping entities; see [`score_documents`].
        keep: called with the predictions, if given.
    """
    numbers = number_by_document(documents, config.context_window)
    found = predict([document.tokens for document in documents], batch_size=batch_size, documents=numbers)
    if keep is not None:
        keep(found)
    return count_found(config, documents, found, no_overlapping)


def count_found(
    config: SpertConfig,
    documents: Sequence[Document],
    found: Sequence[PredictionArrays],
    no_overlapping: bool = False,
) -> Counts:
    """Count predictions that a model has made for the tokens of documents; see [`count_in_tokens`]."""
    spans = [[(entity.start, entity.end) for entity in document.entities] for document in documents]
    return count_at_spans(
        config, documents, spans, [Items(one.entities, one.relations) for one in found], no_overlapping
    )


def count_at_spans(
    config: SpertConfig,
    documents: Sequence[Document],
    spans: Sequence[Sequence[tuple[int, int]]],
    found: Sequence[Items],
    no_overlapping: bool = False,
) -> Counts:
    """Count predictions that a model has made for documents.

    Args:
        config: the model's config.
        documents: annotated documents.
        spans: start and end of each document's entities, in the same unit (tokens or characters) as the predictions.
        found: the predictions for each document, with the model's type indices.
        no_overlapping: whether to leave out overlapping entities; see [`score_documents`].
    """
    entity_types = _numbered(config.entity_types, (one.type for document in documents for one in document.entities))
    relation_types = _numbered(
        config.relation_types, (one.type for document in documents for one in document.relations)
    )
    gold = [
        Items(
            _rows((*span, entity_types[one.type]) for span, one in zip(of_document, document.entities, strict=True)),
            _rows((one.head, one.tail, relation_types[one.type]) for one in document.relations),
        )
        for of_document, document in zip(spans, documents, strict=True)
    ]
    return count_items(
        gold,
        found,
        list(entity_types),
        list(relation_types),
        symmetric=config.symmetric_relation_types,
        no_overlapping=no_overlapping,
    )


def _numbered(of_model: Iterable[str], of_data: Iterable[str]) -> dict[str, int]:
    """Return the indices of the model's types, followed by those of types that only the data has."""
    return {name: number for number, name in enumerate(dict.fromkeys(chain(of_model, of_data)))}


def _rows(items: Iterable[tuple[int, int, int]]) -> NDArray[np.int64]:
    return np.array(list(items), dtype=np.int64).reshape(-1, 3)


def analyse_predictions(
    model: SpertModel,
    documents: Sequence[Document],
    predictions: Sequence[dict[str, Any]],
    no_overlapping: bool = False,
) -> ErrorAnalysis:
    """Analyse the errors in a model's predictions for annotated documents; see [`analyse_errors`]."""
    return analyse_errors(
        [document.to_record() for document in documents],
        predictions,
        no_overlapping=no_overlapping,
        symmetric_relation_types=model.config.symmetric_relation_types,
    )
