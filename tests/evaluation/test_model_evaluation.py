"""A model that knows nothing is scored as any other, in little memory."""

import tracemalloc
from functools import partial

import pytest
import torch
from transformers import AutoTokenizer

from spert_hf import SpertModel, SpertProcessor
from spert_hf.data.documents import Document, Entity, Relation
from spert_hf.evaluation.model_evaluation import count_in_parts, count_in_tokens
from spert_hf.evaluation.spert_metric.scoring import Counts
from spert_hf.model.inference import predict_arrays
from spert_hf.model.ranking import MOST_RELATIONS
from tests.support.predictions import predict_documents, score_predictions
from tests.support.tiny_models import SENTENCES, make_encoder_folder


@pytest.fixture(scope="module")
def untrained(tmp_path_factory):
    """A model that takes every span for an entity, and relates about half of all pairs in each of its types."""
    folder = make_encoder_folder("bert", tmp_path_factory.mktemp("untrained"))
    torch.manual_seed(0)
    types = {"entity_types": ["A", "B"], "relation_types": [f"R{number}" for number in range(100)]}
    model = SpertModel.from_encoder(str(folder), **types, symmetric_relation_types=["R0", "R7"]).eval()
    with torch.no_grad():
        model.relation_classifier.weight.normal_(0, 0.4)
        model.entity_classifier.bias[0] = -1e3
    return model, SpertProcessor.for_config(AutoTokenizer.from_pretrained(folder), model.config)


def score(model, processor, documents, batch_size, no_overlapping=False):
    count = partial(count_in_tokens, partial(predict_arrays, model, processor), model.config)
    parts = count_in_parts(count, documents, batch_size, no_overlapping, model.config.context_window)
    return Counts.together(parts).result(no_overlapping)


@pytest.mark.filterwarnings("ignore:more than")
@pytest.mark.parametrize("no_overlapping", [False, True])
@pytest.mark.parametrize("overlap", ["keep", "best"])
def test_scores_are_those_of_the_records(untrained, monkeypatch, overlap, no_overlapping):
    model, _ = untrained
    monkeypatch.setattr(model.config, "overlap", overlap)
    entities = [Entity("A", 0, 1), Entity("A", 2, 3), Entity("B", 0, 3), Entity("unknown", 3, 4)]
    relations = [Relation("R7", 1, 0), Relation("R1", 0, 1), Relation("R2", 2, 3), Relation("unknown", 1, 3)]
    documents = [Document(SENTENCES[place][:6], entities, relations) for place in (0, 1, 4)]
    expected = score_predictions(model, documents, predict_documents(*untrained, documents), no_overlapping)
    assert expected.ner.micro.support > 0
    assert score(*untrained, documents, 2, no_overlapping) == expected


@pytest.mark.filterwarnings("ignore:more than")
def test_no_record_is_held_of_each_relation(untrained):
    """Records of so many relations take over 200 bytes each; arrays of a batch do not grow with the documents."""
    documents = [Document(SENTENCES[0][:7], [], [])] * 24
    score(*untrained, documents[:1], 1)
    peaks, found = [], []
    for some in (documents[:8], documents):
        tracemalloc.start()
        try:
            found.append(score(*untrained, some, 4).rel.micro.fp)
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    assert found == [8 * MOST_RELATIONS, 24 * MOST_RELATIONS]
    assert peaks[1] - peaks[0] < 100 * (found[1] - found[0])


def test_sentences_of_a_document_are_scored_together(untrained, monkeypatch):
    model, processor = untrained
    monkeypatch.setattr(model.config, "context_window", 64)
    monkeypatch.setattr(processor, "context_window", 64)
    documents = [Document(words, [], [], extra={"doc_id": "a"}) for words in SENTENCES[2:4]]
    documents += [Document(SENTENCES[2], [], [], extra={"doc_id": "b"})]
    windows = []
    collate = processor.collate_pieces

    def watched(pieces):
        windows.append({id(piece.encoder_input) for piece in pieces})
        return collate(pieces)

    monkeypatch.setattr(processor, "collate_pieces", watched)
    score(model, processor, documents, 1)
    assert len(set().union(*windows)) == 2
