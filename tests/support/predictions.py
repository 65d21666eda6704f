"""What is found in texts, and its scores, record by record; and how to compare it."""

from collections.abc import Sequence
from typing import Any

import pytest

from spert_hf import SpertModel, SpertProcessor
from spert_hf.data.detokenization import text_of
from spert_hf.data.documents import Document
from spert_hf.evaluation.spert_metric.scoring import EvaluationResult, score_documents
from spert_hf.model.decoding import to_records
from spert_hf.model.inference import predict
from spert_hf.model.pipeline_spert import SpertPipeline

SCORE_TOLERANCE = 1e-5


def assert_same(found: Sequence[dict[str, Any]], expected: Sequence[dict[str, Any]]) -> None:
    """The same entities and relations, with scores that rounding alone can tell apart."""
    assert len(found) == len(expected)
    for result, wanted in zip(found, expected, strict=True):
        for kind in ("entities", "relations"):
            plain, plain_wanted = ([dict(item, score=None) for item in one[kind]] for one in (result, wanted))
            assert plain == plain_wanted
            scores, scores_wanted = ([item["score"] for item in one[kind]] for one in (result, wanted))
            assert scores == pytest.approx(scores_wanted, abs=SCORE_TOLERANCE)


def predict_documents(
    model: SpertModel, processor: SpertProcessor, documents: Sequence[Document], relation_threshold: float | None = None
) -> list[dict[str, Any]]:
    """What a model finds in the documents' own tokens."""
    found = predict(model, processor, [one.tokens for one in documents], relation_threshold=relation_threshold)
    return [to_records(prediction) for prediction in found]


def score_predictions(
    model: SpertModel,
    documents: Sequence[Document],
    predictions: Sequence[dict[str, Any]],
    no_overlapping: bool = False,
) -> EvaluationResult:
    """The metric's scores of these predictions."""
    return score_documents(
        [document.to_record() for document in documents],
        predictions,
        no_overlapping=no_overlapping,
        symmetric_relation_types=model.config.symmetric_relation_types,
    )


def score_as_text(pipe: SpertPipeline, documents: Sequence[Document], no_overlapping: bool = False) -> EvaluationResult:
    """The metric's scores of what a pipeline finds in the documents' texts, by characters."""
    gold, predictions = [], []
    for document in documents:
        text, offsets = text_of(document)
        record = document.to_record()
        for entity in record["entities"]:
            entity["start"], entity["end"] = offsets[entity["start"]][0], offsets[entity["end"] - 1][1]
        found = pipe(text)
        for entity in found["entities"]:
            del entity["token_start"], entity["token_end"]
        for one in (record, found):
            for entity in one["entities"]:
                is_longer = entity["end"] - entity["start"] > 1
                entity["end"] -= is_longer and text[entity["end"] - 1] == "."
        gold.append({"entities": record["entities"], "relations": record["relations"]})
        predictions.append(found)
    symmetric = pipe.model.config.symmetric_relation_types
    return score_documents(gold, predictions, no_overlapping=no_overlapping, symmetric_relation_types=symmetric)


def annotate_in_part(
    model: SpertModel, processor: SpertProcessor, sentences: Sequence[Sequence[str]]
) -> list[Document]:
    """Sentences annotated with every other entity that the model finds, and the relations between those it finds."""
    documents = [Document(list(sentence)) for sentence in sentences]
    annotated = []
    for document, found in zip(documents, predict_documents(model, processor, documents), strict=True):
        place = {old: new for new, old in enumerate(range(0, len(found["entities"]), 2))}
        relations = [
            relation | {"head": place[relation["head"]], "tail": place[relation["tail"]]}
            for relation in found["relations"]
            if {relation["head"], relation["tail"]} <= place.keys()
        ]
        entities = [found["entities"][old] for old in place]
        annotated.append(
            Document.from_record({"tokens": document.tokens, "entities": entities, "relations": relations})
        )
    return annotated
