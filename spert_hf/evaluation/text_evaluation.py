"""Scores of a model on documents read as text, without their tokens, as users give it.

The pipeline itself splits the text into words and sentences, so spans are compared by characters: an entity is right if
it starts and ends where its gold tokens do in the text. A point at its end is ignored, since data sets have tokens such
as `Boston.`, with the point that ends the sentence.
"""

from collections.abc import Sequence
from typing import cast

import numpy as np

from ..data.detokenization import text_of
from ..data.documents import Document
from ..data.neighbours import number_by_document
from ..model.configuration_spert import SpertConfig
from ..model.pipeline_spert import SpertPipeline
from ..model.predictions import PredictionArrays
from .array_counts import Items
from .model_evaluation import count_at_spans
from .spert_metric.scoring import Counts

Spans = Sequence[tuple[int, int]]


def count_as_text(
    pipe: SpertPipeline, documents: Sequence[Document], batch_size: int, no_overlapping: bool = False
) -> Counts:
    """Count a model's predictions for documents that it reads as text.

    Args:
        pipe: the pipeline, which gets each text as one string.
        documents: annotated documents; their texts are what [`text_of`] returns.
        batch_size: number of texts that are computed at once.
        no_overlapping: whether to leave out overlapping entities; see [`score_documents`].
    """
    read = pipe.read(text_of(document)[0] for document in documents)
    config = cast(SpertConfig, pipe.model.config)
    numbers = number_by_document(documents, config.context_window)
    words, sequences = [text.words for text in read], [text.sequences for text in read]
    found = pipe.predict_arrays(words, sequences, numbers, batch_size=batch_size)
    return count_at_spans(
        config,
        documents,
        [gold_spans(document) for document in documents],
        [in_characters(one, text.text or "", text.offsets or []) for one, text in zip(found, read, strict=True)],
        no_overlapping,
    )


def gold_spans(document: Document) -> list[tuple[int, int]]:
    """Return start and end of a document's entities in characters of its text, without a point at their end."""
    text, offsets = text_of(document)
    spans = [(offsets[entity.start][0], offsets[entity.end - 1][1]) for entity in document.entities]
    return [(start, end - (end - start > 1 and text[end - 1] == ".")) for start, end in spans]


def in_characters(found: PredictionArrays, text: str, offsets: Spans) -> Items:
    """Return predictions for a text, with entities in characters, without a point at their end.

    Args:
        found: the predictions, with entities in words.
        text: the text.
        offsets: start and end of each word in the text.
    """
    words = np.array(offsets, dtype=np.int64).reshape(-1, 2)
    ends_with_point = np.array([text[end - 1] == "." for _, end in offsets], dtype=bool)
    first, last = found.entities[:, 0], found.entities[:, 1] - 1
    starts, ends = words[first, 0], words[last, 1]
    ends = ends - ((ends - starts > 1) & ends_with_point[last])
    return Items(np.column_stack((starts, ends, found.entities[:, 2])), found.relations)
