"""Pooling without masks gives what the obvious slow way gives."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.model.span_pooling import RangePooler, pool_spans_by_size, pool_words

POOLINGS = ("max", "mean", "sum")


def pool_slowly(vectors, pooling):
    """Pool one range, *(positions, hidden)*, the obvious way."""
    if len(vectors) == 0:
        return torch.zeros(vectors.shape[1])
    return {"max": vectors.amax(0), "mean": vectors.mean(0), "sum": vectors.sum(0)}[pooling]


@st.composite
def batches_with_ranges(draw):
    """A batch of vectors, and ranges in it, some of them empty."""
    rows, positions = draw(st.integers(1, 3)), draw(st.integers(1, 40))
    torch.manual_seed(draw(st.integers(0, 2**31)))
    ranges = draw(
        st.lists(
            st.tuples(st.integers(0, rows - 1), st.integers(0, positions), st.integers(0, positions)).filter(
                lambda one: one[1] <= one[2]
            ),
            min_size=1,
            max_size=20,
        )
    )
    return torch.randn(rows, positions, 5), ranges


@given(batches_with_ranges(), st.sampled_from(POOLINGS))
def test_ranges_are_pooled_as_one_by_one(case, pooling):
    vectors, ranges = case
    longest = max(end - start for _, start, end in ranges)
    pooled = RangePooler(vectors, pooling, longest)(*torch.tensor(ranges).unbind(-1))
    slow = torch.stack([pool_slowly(vectors[row, start:end], pooling) for row, start, end in ranges])
    torch.testing.assert_close(pooled, slow, atol=1e-5, rtol=1e-5)


@st.composite
def sentences_of_sub_words(draw):
    """Numbers of sub-words of each word, for a small batch of sentences."""
    return draw(st.lists(st.lists(st.integers(1, 6), min_size=1, max_size=12), min_size=1, max_size=3))


@given(sentences_of_sub_words(), st.sampled_from(POOLINGS), st.integers(1, 5))
def test_spans_of_every_size_are_pooled_over_their_sub_words(sentences, pooling, max_span_size):
    words = max(map(len, sentences))
    offsets = torch.ones(len(sentences), words + 1, dtype=torch.long)
    for row, counts in enumerate(sentences):
        ends = 1 + torch.tensor(counts).cumsum(0)
        offsets[row, 1:] = ends[-1]
        offsets[row, 1 : len(counts) + 1] = ends
    torch.manual_seed(0)
    hidden = torch.randn(len(sentences), int(offsets.max()) + 1, 4)
    word_vectors = pool_words(RangePooler(hidden, pooling, 6), offsets)
    counts = offsets[:, 1:] - offsets[:, :-1]
    sizes = list(pool_spans_by_size(word_vectors, counts, pooling, min(max_span_size, word_vectors.shape[1])))
    assert len(sizes) == min(max_span_size, words)
    for size, spans in enumerate(sizes, start=1):
        for row, sentence in enumerate(sentences):
            for start in range(len(sentence) - size + 1):
                expected = pool_slowly(hidden[row, offsets[row, start] : offsets[row, start + size]], pooling)
                torch.testing.assert_close(spans[row, start], expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_gradients_are_those_of_the_slow_way(pooling):
    torch.manual_seed(0)
    fast = torch.randn(2, 9, 3, dtype=torch.double, requires_grad=True)
    slow = fast.detach().clone().requires_grad_()
    ranges = [(0, 0, 9), (0, 2, 5), (1, 3, 3), (1, 8, 9), (1, 1, 8)]
    weights = torch.randn(len(ranges), 3, dtype=torch.double)
    (RangePooler(fast, pooling, 9)(*torch.tensor(ranges).unbind(-1)) * weights).sum().backward()
    pooled = torch.stack([pool_slowly(slow[row, start:end], pooling) for row, start, end in ranges])
    (pooled * weights).sum().backward()
    torch.testing.assert_close(fast.grad, slow.grad)


def test_an_empty_range_may_lie_at_the_very_end():
    pooled = RangePooler(torch.randn(1, 4, 2), "max", 4)(torch.tensor([0]), torch.tensor([4]), torch.tensor([4]))
    assert pooled.tolist() == [[0.0, 0.0]]
