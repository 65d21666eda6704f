"""The plain sentences beside the quickstart corpus, which its model is tried on: what the card promises of them."""

import json
from collections import Counter
from pathlib import Path

import pytest

from spert_hf.data import load_documents
from spert_hf.data.named_datasets import dataset_folder
from tests.support.quickstart_corpus import ARGUMENT_TYPES, assert_signatures, runs, runs_of_conll04, words

FOLDER = Path(dataset_folder("quickstart"))


@pytest.fixture(scope="module")
def sentences():
    return load_documents(FOLDER / "plain.json")


def test_each_relation_type_has_thirty_and_fifty_have_none(sentences):
    assert len(sentences) == 200
    assert sum(not sentence.relations for sentence in sentences) == 50
    holding = Counter(kind for sentence in sentences for kind in {relation.type for relation in sentence.relations})
    assert set(holding) == set(ARGUMENT_TYPES)
    assert min(holding.values()) >= 30


def test_relations_join_the_types_that_the_guidelines_say(sentences):
    assert_signatures(sentences)


def test_they_are_plain_and_short(sentences):
    lengths = [len(sentence.tokens) for sentence in sentences]
    assert sum(lengths) / len(lengths) < 10
    assert max(lengths) <= 20


def test_none_stands_twice_or_in_the_corpus(sentences):
    own = [" ".join(words(sentence.tokens)) for sentence in sentences]
    corpus = {
        " ".join(words(record["tokens"]))
        for split in ("train", "dev", "test")
        for record in json.loads((FOLDER / f"{split}.json").read_text(encoding="utf-8"))
    }
    assert len(set(own)) == len(own)
    assert not set(own) & corpus


def test_nothing_of_conll04_is_in_them(sentences, shared_data):
    """No run of six words of any sentence of CoNLL04."""
    theirs = runs_of_conll04(shared_data)
    assert not [sentence.id for sentence in sentences if runs(sentence.tokens) & theirs]
