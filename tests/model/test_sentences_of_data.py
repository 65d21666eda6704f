"""Sentences of the real data sets: documents stay whole, and joined ones come apart as they did by the first rules."""

import pytest

from spert_hf.data.loading import load_splits
from spert_hf.data.named_datasets import dataset_folder
from spert_hf.model.sentences import FIRST_RULES, sentence_ranges, sentence_rules
from spert_hf.model.words import split_by_first_rules

DATA_SETS = {"conll04": (None, 5), "scierc": (None, 5), "ade": ("fold_0", 8)}
"""Configuration, and how many documents of all splits may be cut: some do hold two sentences."""

GROUP = 5


@pytest.fixture(scope="module", params=DATA_SETS)
def documents(request, shared_data):
    """Name of a data set, and its documents as tokens with spaces between them."""
    config = DATA_SETS[request.param][0]
    splits = load_splits(dataset_folder(request.param), data_dir=str(shared_data / request.param), config_name=config)
    return request.param, [" ".join(one.tokens) for one in [*splits.train, *splits.dev, *splits.test]]


def begins(text, rules):
    """Places at which a sentence begins, without the first."""
    words = split_by_first_rules(text)
    return {words[first][0] for first, _ in sentence_ranges(text, words, rules)} - {0}


def boundaries_found(texts, rules):
    """Share of the places where one of five joined texts ends that are found."""
    found = count = 0
    for start in range(0, len(texts), GROUP):
        group = texts[start : start + GROUP]
        places = {sum(len(text) + 1 for text in group[:number]) for number in range(1, len(group))}
        count += len(places)
        found += len(places & begins(" ".join(group), rules))
    return found / count


@pytest.mark.parametrize("languages", [(), ("en",)], ids=["any", "en"])
def test_documents_stay_whole_and_joined_ones_come_apart(documents, languages):
    name, texts = documents
    rules = sentence_rules(languages)
    assert sum(bool(begins(text, rules)) for text in texts) <= DATA_SETS[name][1]
    assert boundaries_found(texts, rules) >= boundaries_found(texts, FIRST_RULES) - 0.01
