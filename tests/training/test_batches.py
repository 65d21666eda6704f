"""Batches: each example once, evenly spread, and the same candidates wherever they are drawn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.data import load_splits
from spert_hf.data.documents import Document
from spert_hf.model.processing_spert import SpertProcessor
from spert_hf.training.arguments import SpertTrainingArguments
from spert_hf.training.batches import (
    BatchMaker,
    candidate_counts,
    digest_examples,
    make_examples,
    split_batch,
)
from tests.support.documents import make_dataset_folder
from tests.support.tiny_models import make_tokenizer


@given(count=st.integers(1, 70), size=st.integers(1, 9), processes=st.integers(1, 5))
def test_a_global_batch_is_split_evenly(count, size, processes):
    parts = split_batch(range(count), size, processes)
    assert [index for part in parts for index in part] == list(range(count))
    lengths = {len(part) for part in parts}
    assert min(lengths) >= 1
    assert max(lengths) <= size
    assert max(lengths) - min(lengths) <= 1
    # Equally many for each process, unless that would leave one empty.
    assert len(parts) % processes == 0 or lengths == {1}
    assert len(parts) >= min(processes, count)


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    return load_splits(make_dataset_folder(tmp_path_factory.mktemp("batches")))


@pytest.fixture(scope="module")
def processor():
    return SpertProcessor(make_tokenizer("bert"), 128)


def test_candidates_of_a_sentence_do_not_depend_on_its_batch(splits, processor):
    examples = make_examples(splits.train, splits.schema, processor)
    batches = BatchMaker(examples, processor, SpertTrainingArguments().sampling_settings(), seed=1)
    alone, together = batches([4], epoch=2), batches([7, 4], epoch=2)
    for name in ("spans", "entity_labels", "pairs", "relation_labels"):
        assert (together[name][1, : alone[name].shape[1]] == alone[name][0]).all()
    counts = [candidate_counts(batches(indices, epoch=2)) for indices in ([4], [7], [7, 4])]
    assert [one + other for one, other in zip(*counts[:2], strict=True)] == list(counts[2])
    assert (batches([4], epoch=3)["spans"] != alone["spans"]).any()


def test_the_digest_tells_whether_training_data_are_the_same(splits, processor):
    examples = make_examples(splits.train, splits.schema, processor)
    again = make_examples(splits.train, splits.schema, processor)
    assert digest_examples(examples) == digest_examples(again)
    assert digest_examples(examples) != digest_examples(again[::-1])
    assert digest_examples(examples) != digest_examples(again[:-1])


def test_the_digest_tells_letter_case(splits):
    """Training reads it where the model has embeddings for it."""
    tokenizer = make_tokenizer("bert")
    processors = [SpertProcessor(tokenizer, 128, letter_cases=one) for one in (False, True)]
    without, with_case = (make_examples(splits.train, splits.schema, one) for one in processors)
    assert digest_examples(without) != digest_examples(with_case)


def in_documents(documents, size):
    """The documents as sentences of longer ones, `size` in each."""
    return [
        Document(one.tokens, one.entities, one.relations, extra={"doc_id": str(number // size)})
        for number, one in enumerate(documents)
    ]


def test_neighbours_are_one_example_with_the_candidates_of_each(splits):
    processor = SpertProcessor(make_tokenizer("bert"), 128, context_window=126)
    sentences = in_documents(splits.train, 3)
    examples = make_examples(sentences, splits.schema, processor)
    alone = make_examples(splits.train, splits.schema, processor)
    assert len(examples) < len(alone) == len(sentences)
    gold = [one for example in examples for one in example.gold]
    assert [one.spans.tolist() for one in gold] == [example.gold[0].spans.tolist() for example in alone]
    batches = BatchMaker(examples, processor, SpertTrainingArguments().sampling_settings(), seed=1)
    batch = batches([1, 0], epoch=2)
    rows = len(examples[1].gold) + len(examples[0].gold)
    assert len(batch["input_ids"]) == 2 < rows
    names = ("word_offsets", "sequence_positions", "spans", "entity_labels", "pairs", "relation_labels")
    assert {len(batch[name]) for name in names} == {rows}
    assert batches.lengths == [len(example.words.input_ids) for example in examples]


def test_the_digest_tells_neighbours(splits):
    processor = SpertProcessor(make_tokenizer("bert"), 128, context_window=126)
    digests = {
        digest_examples(make_examples(in_documents(splits.train, n), splits.schema, processor)) for n in (1, 2, 3)
    }
    assert len(digests) == 3
