"""Dropout by few random bits drops as torch's own does, and steps aside where it can't."""

import copy
import pickle

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.utils.checkpoint import checkpoint

from spert_hf.model.cpu_dropout import QuickDropout, can_draw, draw_kept

MANY = 100_000


@given(p=st.floats(0.001, 0.999), seed=st.integers(0, 2**31))
def test_as_many_are_dropped_as_asked_for_and_the_mean_is_kept(p, seed):
    torch.manual_seed(seed)
    kept = draw_kept(MANY, p, torch.float64)
    dropped = int((kept == 0).sum())
    assert abs(dropped - MANY * p) < 6 * (MANY * p * (1 - p)) ** 0.5 + MANY / 2**16
    others = kept[kept != 0].unique()
    assert others.tolist() == pytest.approx([1 / (1 - p)], rel=2**-16 / (1 - p))


@given(count=st.integers(0, 50))
def test_any_count(count):
    assert draw_kept(count, 0.5, torch.float32).shape == (count,)


def test_neighbours_are_independent():
    """Four numbers come of one draw: all 16 patterns of what is dropped are as frequent as chance has it."""
    torch.manual_seed(0)
    dropped = (draw_kept(4 * MANY, 0.5, torch.float32) == 0).view(-1, 4).long()
    counts = torch.bincount(dropped @ torch.tensor([8, 4, 2, 1]), minlength=16).double()
    assert ((counts - MANY / 16).abs() < 5 * (MANY / 16) ** 0.5).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.float64])
def test_the_gradient_is_dropped_as_the_input_is(dtype):
    layer = QuickDropout(0.3)
    features = torch.ones(7, 5, dtype=dtype, requires_grad=True)
    output = layer(features)
    output.sum().backward()
    assert output.dtype is dtype
    assert torch.equal(output, features.grad)
    assert 0 < int((output == 0).sum()) < output.numel()


def test_a_seed_gives_the_same_again_and_each_call_another():
    layer = QuickDropout(0.5)
    features = torch.ones(100)
    torch.manual_seed(1)
    first, second = layer(features), layer(features)
    torch.manual_seed(1)
    assert torch.equal(layer(features), first)
    assert not torch.equal(first, second)


def test_what_is_computed_again_for_its_gradient_drops_the_same():
    torch.manual_seed(0)
    layer = QuickDropout(0.5)
    features = torch.ones(100, requires_grad=True)
    output = checkpoint(lambda given: layer(given) ** 2, features, use_reentrant=False)
    output.sum().backward()
    assert torch.equal(features.grad == 0, output == 0)


def test_out_of_training_nothing_is_dropped():
    features = torch.randn(4, 4)
    assert torch.equal(QuickDropout(0.5).eval()(features), features)


@pytest.mark.parametrize("p", [0.0, 1e-6, 1 - 1e-6, 1.0])
def test_what_few_bits_cannot_express_is_torchs(p):
    assert not can_draw(p)
    features = torch.ones(1000)
    torch.manual_seed(0)
    ours = QuickDropout(p)(features)
    torch.manual_seed(0)
    assert torch.equal(ours, nn.Dropout(p)(features))


def test_it_is_exported_and_compiled_as_torchs():
    features = torch.ones(3, 3)
    traced = torch.jit.trace(QuickDropout(0.5), features, check_trace=False)
    assert "dropout" in str(traced.graph)
    compiled = torch.compile(QuickDropout(0.5), backend="eager", fullgraph=True)
    assert set(compiled(torch.ones(100)).unique().tolist()) == {0.0, 2.0}


def test_in_place_if_it_was_asked_for():
    features = torch.ones(50)
    assert QuickDropout(0.3, inplace=True)(features) is features


def test_layers_are_copied_and_pickled():
    assert pickle.loads(pickle.dumps(copy.deepcopy(QuickDropout(0.1)))).p == 0.1
