"""Attention with dropout over packed sequences is that of each sequence by itself, written plainly."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spert_hf.model import cpu_attention
from spert_hf.model.cpu_attention import attend_with_dropout

HEADS, SIZE = 3, 4


def attend_plainly(query, key, value, kept, lengths, scale):
    """The same, a sequence and a head at a time, with torch's own gradients."""
    attended = torch.zeros(query.shape[1], HEADS, SIZE, dtype=query.dtype)
    first = used = 0
    for length in lengths:
        for head in range(HEADS):
            q, k, v = (whole[head, first : first + length] for whole in (query, key, value))
            factors = kept[used : used + length**2].view(length, length)
            attended[first : first + length, head] = ((q @ k.T * scale).softmax(-1) * factors) @ v
            used += length**2
        first += length
    return attended


def random_inputs(count, dtype=torch.float64):
    # As an encoder has them: the heads of a sub-word side by side.
    return [torch.randn(count, HEADS, SIZE, dtype=dtype).requires_grad_() for _ in range(3)]


@given(
    lengths=st.lists(st.integers(1, 7), min_size=1, max_size=5),
    filling=st.integers(0, 3),
    scale=st.floats(0.1, 2),
    seed=st.integers(0, 2**31),
)
@settings(deadline=None)
def test_values_and_gradients(lengths, filling, scale, seed):
    torch.manual_seed(seed)
    ours = random_inputs(sum(lengths) + filling)
    theirs = [given.detach().clone().requires_grad_() for given in ours]
    weights = torch.randn(sum(lengths) + filling, HEADS, SIZE, dtype=torch.float64)
    torch.manual_seed(seed)
    kept = cpu_attention.draw_kept(HEADS * sum(length**2 for length in lengths), 0.4, torch.float64)
    torch.manual_seed(seed)
    attended = attend_with_dropout(*(given.transpose(0, 1) for given in ours), lengths=lengths, p=0.4, scale=scale)
    expected = attend_plainly(*(given.transpose(0, 1) for given in theirs), kept, lengths, scale)
    torch.testing.assert_close(attended, expected)
    assert not attended[sum(lengths) :].any()
    (attended * weights).sum().backward()
    (expected * weights).sum().backward()
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine.grad, other.grad)


@pytest.mark.parametrize("autocast", [False, True])
def test_half_precision_is_computed_in_single(autocast):
    torch.manual_seed(0)
    halves = random_inputs(6, torch.bfloat16)
    precise = [given.detach().float().requires_grad_() for given in halves]
    results = []
    for inputs in (halves, precise):
        torch.manual_seed(1)
        with torch.autocast("cpu", enabled=autocast):
            attended = attend_with_dropout(*(each.transpose(0, 1) for each in inputs), lengths=[4, 2], p=0.5, scale=0.5)
            attended.sum().backward()
        results.append(attended)
    assert results[0].dtype is halves[0].grad.dtype is torch.bfloat16
    assert torch.equal(results[0], results[1].bfloat16())
    for half, single in zip(halves, precise, strict=True):
        assert torch.equal(half.grad, single.grad.bfloat16())


def test_gradients_of_gradients_are_refused_not_wrong():
    inputs = random_inputs(3)
    attended = attend_with_dropout(*(each.transpose(0, 1) for each in inputs), lengths=[3], p=0.5, scale=1.0)
    (gradient,) = torch.autograd.grad(attended.pow(2).sum(), inputs[:1], create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        gradient.sum().backward()
