"""Batches of similar length: each sequence once, none too large, none cheaper on a CPU, shared out evenly."""

from itertools import pairwise, product

from hypothesis import given
from hypothesis import strategies as st

from spert_hf.model.cpu_scheduling import BATCH_COST, LARGEST_IMBALANCE, PADDING_COST, batches_by_length, share_out

LENGTHS = st.lists(st.integers(1, 300), min_size=1, max_size=7)
PADDING_COSTS = st.sampled_from([1.0, PADDING_COST, 0.0])


def cost(batches, lengths, padding_cost=1.0):
    """What computing the batches costs a CPU, in sub-words."""
    whole = 0
    for batch in batches:
        longest = max(lengths[index] for index in batch)
        padding = sum(longest - lengths[index] for index in batch)
        whole += BATCH_COST + sum(lengths[index] for index in batch) + padding_cost * padding
    return whole


@given(LENGTHS, st.integers(1, 8), st.booleans())
def test_each_sequence_is_in_one_batch_and_none_is_too_large(lengths, batch_size, on_cpu):
    batches = batches_by_length(range(len(lengths)), lengths, batch_size, on_cpu)
    in_order = [index for batch in batches for index in batch]
    assert sorted(in_order) == list(range(len(lengths)))
    assert [lengths[index] for index in in_order] == sorted(lengths)
    assert max(map(len, batches)) <= batch_size


@given(LENGTHS, st.integers(1, 8), PADDING_COSTS, st.data())
def test_no_other_batches_cost_a_cpu_less(lengths, batch_size, padding_cost, data):
    items = data.draw(st.permutations(range(len(lengths))))
    batches = batches_by_length(items, lengths, batch_size, padding_cost)
    order = sorted(items, key=lambda index: lengths[index])
    for cuts in product((False, True), repeat=len(order) - 1):
        ends = [0, *(place for place, cut in enumerate(cuts, start=1) if cut), len(order)]
        others = [order[start:end] for start, end in pairwise(ends)]
        if max(map(len, others)) <= batch_size:
            assert cost(batches, lengths, padding_cost) <= cost(others, lengths, padding_cost) * (1 + 1e-9)


def test_an_accelerator_gets_full_batches():
    assert [len(batch) for batch in batches_by_length(range(5), [9, 500, 1, 40, 7], 2, None)] == [2, 2, 1]


def test_there_may_be_nothing_to_compute():
    assert batches_by_length([], [], 4, 1.0) == []


def cost_of_workers(batches, lengths, workers, padding_cost):
    """What each of the workers has to compute, if the one that is free first takes the next batch."""
    busy = [0.0] * workers
    for batch in batches:
        busy[busy.index(min(busy))] += cost([batch], lengths, padding_cost)
    return busy


@given(st.lists(st.integers(1, 300), min_size=1, max_size=60), st.integers(1, 8), st.integers(2, 5), PADDING_COSTS)
def test_what_is_shared_out_is_all_there_and_keeps_all_workers_busy(lengths, batch_size, workers, padding_cost):
    batches = batches_by_length(range(len(lengths)), lengths, batch_size, padding_cost)
    shared = share_out(batches, lengths, workers, padding_cost)
    if shared is None:
        share = cost([[index] for index in range(len(lengths))], lengths) / workers
        assert max(lengths) + BATCH_COST > share / 10  # or one of them would not be in the way
        return
    assert sorted(index for batch in shared for index in batch) == list(range(len(lengths)))
    assert max(map(len, shared)) <= batch_size
    costs = [cost([batch], lengths, padding_cost) for batch in shared]
    assert all(later <= earlier * (1 + 1e-9) for earlier, later in pairwise(costs))
    busy = cost_of_workers(shared, lengths, workers, padding_cost)
    assert max(busy) <= LARGEST_IMBALANCE * sum(busy) / workers * (1 + 1e-9)


def test_few_sequences_are_not_shared_out():
    assert share_out([[0]], [40], 2) is None
    assert share_out([[0, 1, 2]], [40, 40, 40], 2) is None
    assert share_out([[1, 2], [0]], [400, 40, 40], 2) is None
    assert share_out([], [], 2) is None


def test_small_batches_are_not_shared_out_where_that_costs_more():
    batches, lengths = [[0, 1], [2, 3]], [30, 31, 32, 33]
    assert cost(batches, lengths) / 2 == BATCH_COST + 64
    assert share_out(batches, lengths, 2, least=BATCH_COST + 65) is None
    assert share_out(batches, lengths, 2, least=BATCH_COST + 64) == [[2, 3], [0, 1]]
    assert share_out([[0, 1, 2, 3]], lengths, 2, least=BATCH_COST + 65) is None  # its halves would be too small


def test_one_large_batch_is_halved():
    assert share_out([[0, 1, 2, 3]], [20, 21, 22, 23], 2) == [[2, 3], [0, 1]]
    assert share_out([[0, 1, 2, 3]], [40] * 4, 4) == [[0], [1], [2], [3]]
