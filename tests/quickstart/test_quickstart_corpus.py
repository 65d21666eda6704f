"""The quickstart corpus: what its card promises."""

from collections import Counter

import pytest

from spert_hf.data import load_splits
from spert_hf.data.named_datasets import dataset_folder
from tests.support.loading_scripts import card_rows, counted
from tests.support.quickstart_corpus import ARGUMENT_TYPES, assert_signatures, runs, runs_of_conll04, words


@pytest.fixture(scope="module")
def splits():
    return load_splits(dataset_folder("quickstart"))


@pytest.fixture(scope="module")
def documents(splits):
    return [*splits.train, *splits.dev, *splits.test]


def test_size_and_types(splits, documents):
    assert len(documents) >= 450
    assert min(len(splits.dev), len(splits.test)) >= 50
    assert set(splits.schema.entity_names) == {"Loc", "Org", "Peop", "Other"}
    assert set(splits.schema.relation_names) == set(ARGUMENT_TYPES)


def test_the_card_s_figures_are_those_of_the_corpus(splits):
    entity_types = ("Loc", "Org", "Peop", "Other")
    relation_types = ("Live_In", "Located_In", "OrgBased_In", "Work_For", "Kill")
    for split in ("train", "dev", "test"):
        part = [document.to_record() for document in getattr(splits, split)]
        lengths = [len(record["tokens"]) for record in part]
        row = (
            split,
            str(len(part)),
            f"{sum(lengths) / len(lengths):.1f}, {min(lengths)} … {max(lengths)}",
            counted(entity_types, [entity for record in part for entity in record["entities"]]),
            counted(relation_types, [relation for record in part for relation in record["relations"]]),
            str(sum(not record["relations"] for record in part)),
        )
        assert row in card_rows("quickstart")


def test_relations_join_the_types_that_the_guidelines_say(documents):
    assert_signatures(documents)


def test_it_is_varied(documents):
    lengths = [len(document.tokens) for document in documents]
    assert min(lengths) <= 8
    assert max(lengths) >= 50
    relations = Counter(len(document.relations) for document in documents)
    assert relations[0] >= 100
    assert sum(count for number, count in relations.items() if number >= 3) >= 100
    for kind in ARGUMENT_TYPES:
        forward = Counter(
            document.entities[r.head].start < document.entities[r.tail].start
            for document in documents
            for r in document.relations
            if r.type == kind
        )
        assert min(forward[True], forward[False]) >= 15, kind


def test_no_sentence_stands_twice(documents):
    assert len({" ".join(words(document.tokens)) for document in documents}) == len(documents)


def test_no_template_is_repeated(documents):
    """With the entities' words left out, hardly two sentences are alike."""
    frames = Counter()
    for document in documents:
        inside = {index for entity in document.entities for index in range(entity.start, entity.end)}
        frame = [token for index, token in enumerate(document.tokens) if index not in inside and token.isalpha()]
        if len(frame) > 4:
            frames[" ".join(frame)] += 1
    assert max(frames.values()) == 1


def test_nothing_of_conll04_is_in_it(documents, shared_data):
    """No run of six words of any sentence of CoNLL04."""
    theirs = runs_of_conll04(shared_data)
    assert not [document.id for document in documents if runs(document.tokens) & theirs]
