"""Copies in other letter case: what they are, which of them an epoch has, and what a model learns from them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.data import load_splits
from spert_hf.model.processing_spert import SpertProcessor
from spert_hf.training import preparation
from spert_hf.training.arguments import SpertTrainingArguments
from spert_hf.training.batches import epoch_batches, make_examples
from spert_hf.training.letter_case_copies import Copies, copy_documents
from spert_hf.training.trainer import SpertTrainer
from tests.support.documents import make_dataset_folder
from tests.support.predictions import predict_documents
from tests.support.tiny_models import make_encoder_folder, make_tokenizer

LENGTHS = [5, 3, 8, 1, 9, 2, 7]
SHARES = st.floats(0, 1)
CASED, UNCASED = "roberta", "bert"


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    return load_splits(make_dataset_folder(tmp_path_factory.mktemp("documents")))


@pytest.fixture
def make_trainer(splits, tmp_path, forget_precision):
    """Make the trainer of a small run with some settings changed."""

    def make(family=UNCASED, **changed):
        forget_precision()
        arguments = SpertTrainingArguments(
            encoder=str(make_encoder_folder(family, tmp_path / family)),
            output_dir=str(tmp_path / "run"),
            learning_rate=5e-3,
            optim="adamw",
            cpu_threads=1,
            eval_every_epochs=0,
            **changed,
        )
        return SpertTrainer(args=arguments, train_dataset=splits, show_progress=False)

    return make


@pytest.mark.parametrize(
    ("grouped", "batches"),
    [(False, [[0, 4], [6, 1], [2, 3]]), (True, [[0, 6], [3, 1], [2, 4]])],
)
def test_without_copies_batches_are_what_they_were(grouped, batches):
    assert epoch_batches(LENGTHS, 2, 42, 1, grouped) == batches


def test_without_copies_there_are_no_more_examples(make_trainer, splits):
    trainer = make_trainer()
    assert len(trainer.examples) == len(splits.train)
    assert trainer.copies == []


@given(count=st.integers(1, 40), shares=st.tuples(SHARES, SHARES), epoch=st.integers(0, 9), grouped=st.booleans())
def test_an_epoch_has_each_sentence_once_and_as_many_copies_as_every_other(count, shares, epoch, grouped):
    copies = [Copies.of_share(range(n * count, (n + 1) * count), share) for n, share in enumerate(shares, start=1)]
    batches = epoch_batches([1] * 3 * count, 1, 42, epoch, grouped, copies)
    assert batches == epoch_batches([1] * 3 * count, 1, 42, epoch, grouped, copies)
    had = [index for batch in batches for index in batch]
    assert len(set(had)) == len(had)
    assert set(range(count)) <= set(had)
    for one, share in zip(copies, shares, strict=True):
        assert len(set(had).intersection(one.indices)) == one.drawn == round(share * count)


def test_copies_are_drawn_anew_by_seed_and_epoch():
    copies = [Copies.of_share(range(50, 100), 0.5)]

    def drawn(seed, epoch):
        return {i for batch in epoch_batches([1] * 100, 4, seed, epoch, copies=copies) for i in batch if i >= 50}

    assert drawn(1, 2) == drawn(1, 2)
    assert drawn(1, 2) != drawn(1, 3)
    assert drawn(1, 2) != drawn(2, 2)


@pytest.mark.parametrize("family", [CASED, UNCASED])
@pytest.mark.parametrize("change", [str.lower, str.upper])
def test_copies_keep_what_is_annotated(splits, family, change):
    processor = SpertProcessor(make_tokenizer(family), 128, letter_cases=True)
    copied = copy_documents(splits.train, change)
    for document, copy in zip(splits.train, copied, strict=True):
        assert copy.tokens == [change(token) for token in document.tokens]
        assert copy == replace(document, tokens=copy.tokens)
    examples, copies = (make_examples(documents, splits.schema, processor) for documents in (splits.train, copied))
    for example, copy in zip(examples, copies, strict=True):
        assert copy.name == example.name
        assert copy.words.letter_cases != example.words.letter_cases
        assert (copy.words.input_ids == example.words.input_ids) == (family == UNCASED)
        for name in ("spans", "types", "pairs", "relations"):
            assert np.array_equal(getattr(copy.gold[0], name), getattr(example.gold[0], name))


@given(st.text(min_size=1))
def test_no_word_becomes_empty(word):
    assert word.lower()
    assert word.upper()


def test_words_of_copies_are_among_those_trained_by_rows(make_trainer, monkeypatch):
    told = []

    class ToldRows(preparation.EmbeddingRows):
        def __init__(self, embeddings, optimizer, met):
            told.extend(met.tolist())
            super().__init__(embeddings, optimizer, met)

    monkeypatch.setattr(preparation, "EmbeddingRows", ToldRows)
    trainer = make_trainer(CASED, lower_case_copies=0.1, upper_case_copies=0.1)
    lower, upper = ({word for index in one.indices for word in _words(trainer, index)} for one in trainer.copies)
    as_written = {word for index in range(trainer.copies[0].indices.start) for word in _words(trainer, index)}
    assert lower - as_written
    assert upper - as_written
    assert lower | upper | as_written <= set(told)


def _words(trainer, index):
    return trainer.examples[index].words.input_ids


def test_a_model_trained_with_copies_finds_in_lower_case_what_it_finds_in_ordinary_case(make_trainer, splits):
    lower = copy_documents(splits.train, str.lower)

    def found(share):
        result = make_trainer(
            num_train_epochs=20, letter_case_embeddings=True, lower_case_copies=share, overwrite=True
        ).train()
        return [predict_documents(result.model, result.processor, documents) for documents in (splits.train, lower)]

    def places(predictions):
        return [{(e["start"], e["end"], e["type"]) for e in one["entities"]} for one in predictions]

    gold = [{(e.start, e.end, e.type) for e in document.entities} for document in splits.train]
    without, with_copies = found(0.0), found(1.0)
    assert places(without[0]) == gold
    assert places(without[1]) != gold
    assert places(with_copies[0]) == places(with_copies[1]) == gold
