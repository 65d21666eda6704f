"""Batches of similar length: each sequence once, none too large, and none cheaper on a processor."""

from itertools import pairwise, product

from hypothesis import given
from hypothesis import strategies as st

from spert_hf.model.batching_spert import BATCH_COST, batches_by_length

LENGTHS = st.lists(st.integers(1, 300), min_size=1, max_size=7)


def cost(batches, lengths):
    """What computing the batches costs a processor, in sub-words."""
    return sum(BATCH_COST + len(batch) * max(lengths[index] for index in batch) for batch in batches)


@given(LENGTHS, st.integers(1, 8), st.booleans())
def test_each_sequence_is_in_one_batch_and_none_is_too_large(lengths, batch_size, on_cpu):
    batches = batches_by_length(range(len(lengths)), lengths, batch_size, on_cpu)
    in_order = [index for batch in batches for index in batch]
    assert sorted(in_order) == list(range(len(lengths)))
    assert [lengths[index] for index in in_order] == sorted(lengths)
    assert max(map(len, batches)) <= batch_size


@given(LENGTHS, st.integers(1, 8), st.data())
def test_no_other_batches_cost_a_processor_less(lengths, batch_size, data):
    items = data.draw(st.permutations(range(len(lengths))))
    batches = batches_by_length(items, lengths, batch_size, on_cpu=True)
    order = sorted(items, key=lambda index: lengths[index])
    for cuts in product((False, True), repeat=len(order) - 1):
        ends = [0, *(place for place, cut in enumerate(cuts, start=1) if cut), len(order)]
        others = [order[start:end] for start, end in pairwise(ends)]
        if max(map(len, others)) <= batch_size:
            assert cost(batches, lengths) <= cost(others, lengths)


def test_an_accelerator_gets_full_batches():
    assert [len(batch) for batch in batches_by_length(range(5), [9, 500, 1, 40, 7], 2, on_cpu=False)] == [2, 2, 1]


def test_there_may_be_nothing_to_compute():
    assert batches_by_length([], [], 4, on_cpu=True) == []
