"""Documents read as text: what the pipeline finds in their text, scored by characters."""

import pytest
from transformers import pipeline

from spert_hf.data.detokenization import join_tokens
from spert_hf.data.documents import Document, Entity, Relation
from spert_hf.evaluation.model_evaluation import count_at_spans
from spert_hf.evaluation.text_evaluation import count_as_text, gold_spans, in_characters
from spert_hf.model.decoding import to_arrays
from spert_hf.model.predictions import PredictedEntity, Prediction
from tests.support.predictions import score_as_text
from tests.support.tiny_models import make_tiny_checkpoint


def score(pipe, documents, no_overlapping=False):
    return count_as_text(pipe, documents, 2, no_overlapping).result(no_overlapping)


@pytest.fixture(scope="module")
def pipe(tmp_path_factory):
    """Random weights that find entities and relations."""
    return pipeline("spert-extraction", model=str(make_tiny_checkpoint("bert", tmp_path_factory.mktemp("model"))))


@pytest.fixture
def documents(pipe, sentences):
    """Annotated with what the pipeline finds in their texts, where tokens begin and end there."""
    annotated = []
    for tokens in sentences:
        text, offsets = join_tokens(tokens)
        starts = {start: index for index, (start, _) in enumerate(offsets)}
        ends = {end: index + 1 for index, (_, end) in enumerate(offsets)}
        found = pipe(text)
        places = {}
        entities = []
        for index, entity in enumerate(found["entities"]):
            if entity["start"] in starts and entity["end"] in ends:
                places[index] = len(entities)
                entities.append(Entity(entity["type"], starts[entity["start"]], ends[entity["end"]]))
        relations = [
            Relation(one["type"], places[one["head"]], places[one["tail"]])
            for one in found["relations"]
            if one["head"] in places and one["tail"] in places
        ]
        annotated.append(Document(list(tokens), entities, relations))
    return annotated


def test_gold_spans_are_those_of_their_tokens_in_the_text():
    document = Document(
        ["Pell", "'s", "(", "Oslo", ")"], [Entity("Peop", 0, 2), Entity("Loc", 3, 4)], [Relation("Live_In", 0, 1)]
    )
    assert gold_spans(document) == [(0, 6), (8, 12)]
    spaced = Document(document.tokens, document.entities, extra={"text": "Pell 's ( Oslo )"})
    assert gold_spans(spaced) == [(0, 7), (10, 14)]


def test_a_recorded_text_is_what_is_read(pipe):
    tokens = ["Marian", "Pell", "left", "Duluth", "-", "Oslo", "."]
    recorded = "Marian  Pell left\nDuluth - Oslo ."
    assert pipe(recorded)["entities"] != pipe(join_tokens(tokens)[0])["entities"]
    for text in (recorded, None):
        document = Document(tokens, extra={} if text is None else {"text": text})
        assert score(pipe, [document]) == score_as_text(pipe, [document])


@pytest.mark.parametrize("no_overlapping", [False, True])
def test_scores_are_those_of_what_the_pipeline_gives_for_each_text(pipe, documents, no_overlapping):
    documents = [*documents[:2], Document(["Oslo", "Duluth."], [Entity("Loc", 1, 2)]), *documents[2:]]
    assert score(pipe, documents, no_overlapping) == score_as_text(pipe, documents, no_overlapping)


def test_what_is_found_is_right_by_characters(pipe, documents):
    assert sum(len(document.entities) for document in documents) > 5
    assert sum(len(document.relations) for document in documents) > 0
    result = score(pipe, documents)
    for scores in (result.ner, result.rel, result.rel_plus):
        assert scores.micro.recall == 100
    assert result.documents == len(documents)


@pytest.mark.parametrize(
    ("last_token", "found", "is_right"),
    [
        ("Duluth", "Duluth", True),
        ("Duluth.", "Duluth", True),  # the sentence's point, in the data's token
        ("Duluth.", "Duluth.", True),
        ("Duluths", "Duluth", False),
        ("Duluth,", "Duluth", False),
        ("Duluth..", "Duluth", False),
        ("Duluth", "t Duluth", False),
        (".", ".", True),
    ],
)
def test_spans_are_right_to_the_character_but_for_a_point(pipe, last_token, found, is_right):
    document = Document(["left", last_token], [Entity("Loc", 1, 2)])
    text = join_tokens(document.tokens)[0]
    start = text.index(found)
    of_words = to_arrays(Prediction([PredictedEntity(0, 1, "Loc", 0.9)]), pipe.model.config)
    prediction = in_characters(of_words, text, [(start, start + len(found))])
    result = count_at_spans(pipe.model.config, [document], [gold_spans(document)], [prediction]).result(False)
    assert (result.ner.micro.tp, result.ner.micro.fp, result.ner.micro.fn) == ((1, 0, 0) if is_right else (0, 1, 1))


def test_overlapping_entities_can_be_left_out(pipe, documents):
    kept, dropped = score(pipe, documents), score(pipe, documents, True)
    assert dropped.no_overlapping
    assert dropped.ner.micro.support < kept.ner.micro.support


def test_symmetric_relations_have_no_direction(pipe, documents):
    symmetric = pipe.model.config.symmetric_relation_types
    turned = [
        Document(
            document.tokens,
            document.entities,
            [
                Relation(one.type, one.tail, one.head)
                for one in document.relations
                # Of two that begin together, none comes first in the text.
                if one.type in symmetric and document.entities[one.head].start != document.entities[one.tail].start
            ],
        )
        for document in documents
    ]
    assert any(document.relations for document in turned)
    assert score(pipe, turned).rel.micro.recall == 100


def test_no_document_has_scores_too(pipe):
    assert score(pipe, []).documents == 0
