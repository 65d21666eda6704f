"""What a model finds in annotated documents, counted against what is annotated."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..data.documents import Document
from ..model.configuration_spert import SpertConfig
from ..model.modeling_spert import SpertModel
from ..model.predictions import PredictionArrays
from .array_counts import Items, count_items
from .error_analysis import ErrorAnalysis, analyse_errors
from .spert_metric.scoring import Counts

BATCHES_AT_ONCE = 8
"""Batches of documents that are sorted by length among themselves, and counted together."""


class Predict(Protocol):
    """Predicts texts given as words; [`SpertPipeline.predict_arrays`] is one."""

    def __call__(self, texts: Sequence[Sequence[str]], *, batch_size: int) -> list[PredictionArrays]:
        """One prediction a text, computed so many at once."""


Count = Callable[[Sequence[Document], int, bool], Counts]
"""Counts what is right in some documents, computed so many at once, with or without entities that overlap."""


def count_in_parts(
    count: Count, documents: Sequence[Document], batch_size: int, no_overlapping: bool
) -> Iterator[Counts]:
    """Count what is right in documents, some batches at a time, so that no more predictions than theirs are held."""
    at_once = batch_size * BATCHES_AT_ONCE
    for first in range(0, len(documents), at_once):
        yield count(documents[first : first + at_once], batch_size, no_overlapping)


def count_in_tokens(
    predict: Predict,
    config: SpertConfig,
    documents: Sequence[Document],
    batch_size: int,
    no_overlapping: bool = False,
    keep: Callable[[list[PredictionArrays]], object] | None = None,
) -> Counts:
    """Count what is right of what a model finds in the data's own tokens.

    Args:
        predict: the model's.
        config: the model's.
        documents: annotated, of the model's types.
        batch_size: documents computed at once.
        no_overlapping: leave overlapping entities out, see [`score_documents`].
        keep: is given what was found.
    """
    found = predict([document.tokens for document in documents], batch_size=batch_size)
    if keep is not None:
        keep(found)
    return count_found(config, documents, found, no_overlapping)


def count_found(
    config: SpertConfig,
    documents: Sequence[Document],
    found: Sequence[PredictionArrays],
    no_overlapping: bool = False,
) -> Counts:
    """Count what is right of what a model found in the tokens of documents; see [`count_in_tokens`]."""
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
    """Count what is right of what a model found in documents.

    Args:
        config: the model's.
        documents: annotated.
        spans: of each document, start and end of its entities, counted as in what was found.
        found: in each document, with the numbers of the model's types.
        no_overlapping: leave overlapping entities out, see [`score_documents`].
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
    """The numbers of the model's types, and after them of what types there are in the data."""
    return {name: number for number, name in enumerate(dict.fromkeys(chain(of_model, of_data)))}


def _rows(items: Iterable[tuple[int, int, int]]) -> NDArray[np.int64]:
    return np.array(list(items), dtype=np.int64).reshape(-1, 3)


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
