"""Documents read as text: what a model finds when it is given no tokens, as users give none, and its scores.

The pipeline splits the text into words and sentences by itself. So spans are compared by characters: an entity is right
if it begins and ends where its gold tokens do in the text. But a point at its end does not count: data sets have tokens
such as `Boston.`, with the point that ends the sentence, and what is right is the town.
"""

from collections.abc import Sequence
from typing import Any

from ..data.detokenization import text_of
from ..data.documents import Document
from ..model.inference import DEFAULT_BATCH_SIZE
from ..model.pipeline_spert import SpertPipeline
from .spert_metric.scoring import EvaluationResult, score_documents

Record = dict[str, Any]


def predict_as_text(
    pipe: SpertPipeline, documents: Sequence[Document], batch_size: int = DEFAULT_BATCH_SIZE
) -> list[Record]:
    """Predict entities and relations of the documents' texts, each given to the pipeline as one string.

    Args:
        pipe: reads the texts as it reads its users'.
        documents: their text is what [`text_of`] gives.
        batch_size: texts computed at once.

    Returns:
        One record a document; `start` and `end` of its entities count characters of the text.
    """
    found = pipe([text_of(document)[0] for document in documents], batch_size=batch_size)
    return [{**result, "entities": [_in_characters(entity) for entity in result["entities"]]} for result in found]


def score_text_predictions(
    pipe: SpertPipeline,
    documents: Sequence[Document],
    predictions: Sequence[Record],
    no_overlapping: bool = False,
) -> EvaluationResult:
    """Score what [`predict_as_text`] gave for annotated documents; see [`score_documents`].

    A point at the end of an entity does not count, neither in gold nor in predictions.
    """
    texts = [text_of(document)[0] for document in documents]
    return score_documents(
        [_without_points(gold_in_characters(document), text) for document, text in zip(documents, texts, strict=True)],
        [_without_points(found, text) for found, text in zip(predictions, texts, strict=True)],
        no_overlapping=no_overlapping,
        symmetric_relation_types=pipe.model.config.symmetric_relation_types,
    )


def score_as_text(
    pipe: SpertPipeline,
    documents: Sequence[Document],
    batch_size: int = DEFAULT_BATCH_SIZE,
    no_overlapping: bool = False,
) -> EvaluationResult:
    """Score a model on annotated documents that it reads as text.

    Args:
        pipe: reads the texts as it reads its users'.
        documents: annotated; their text is what [`text_of`] gives.
        batch_size: texts computed at once.
        no_overlapping: leave overlapping entities out, see [`score_documents`].
    """
    return score_text_predictions(pipe, documents, predict_as_text(pipe, documents, batch_size), no_overlapping)


def gold_in_characters(document: Document) -> Record:
    """Give a document's entities and relations as a record whose offsets count characters of its text."""
    _, offsets = text_of(document)
    entities = [
        {"type": entity.type, "start": offsets[entity.start][0], "end": offsets[entity.end - 1][1]}
        for entity in document.entities
    ]
    relations = [
        {"type": relation.type, "head": relation.head, "tail": relation.tail} for relation in document.relations
    ]
    return {"entities": entities, "relations": relations}


def _without_points(record: Record, text: str) -> Record:
    """The record with entities that end before the point that they end with."""
    entities = [
        {**entity, "end": entity["end"] - (entity["end"] - entity["start"] > 1 and text[entity["end"] - 1] == ".")}
        for entity in record["entities"]
    ]
    return {**record, "entities": entities}


def _in_characters(entity: Record) -> Record:
    """The entity without its offsets in words, which scoring would take in place of those in characters."""
    return {name: value for name, value in entity.items() if not name.startswith("token_")}
