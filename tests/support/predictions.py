"""Comparing what was found in texts."""

from collections.abc import Sequence
from typing import Any

import pytest

from spert_hf import SpertModel, SpertProcessor
from spert_hf.data.documents import Document
from spert_hf.evaluation.model_evaluation import predict_documents

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
