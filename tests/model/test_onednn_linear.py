"""Linear layers by oneDNN give what torch's own give, forwards and backwards, and step aside where they can't."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from spert_hf.model import onednn_linear
from spert_hf.model.onednn_linear import OneDnnLinear, use_onednn, use_torch

needs_kernel = pytest.mark.skipif(onednn_linear._find_kernel() is None, reason="torch has no such kernel here")


def two_layers(columns, rows, bias=True):
    """The same layer twice: torch's, and oneDNN's."""
    plain = nn.Linear(columns, rows, bias=bias)
    model = nn.Sequential(copy.deepcopy(plain))
    use_onednn(model)
    return plain, model[0]


def close(some, others, summed=1):
    """Agree but for rounding, which grows with how many products are summed."""
    torch.testing.assert_close(some, others, rtol=1e-4, atol=1e-5 * summed**0.5 + 1e-5)


@pytest.fixture
def kernel_calls(monkeypatch):
    """Counts the products that oneDNN's kernel is asked for."""
    calls = []
    kernel = onednn_linear._find_kernel()
    monkeypatch.setattr(onednn_linear, "_find_kernel", lambda: lambda *all: calls.append(all) or kernel(*all))
    return calls


@given(
    leading=st.lists(st.integers(0, 9), min_size=0, max_size=2),
    rows=st.integers(0, 300),
    columns=st.integers(1, 70),
    outputs=st.integers(1, 70),
    bias=st.booleans(),
    gaps=st.booleans(),
    seed=st.integers(0, 2**31),
)
def test_products_and_gradients_are_torchs(leading, rows, columns, outputs, bias, gaps, seed):
    torch.manual_seed(seed)
    plain, quick = two_layers(columns, outputs, bias)
    features = torch.randn(*leading, rows, columns * (1 + gaps))[..., :: 1 + gaps]
    of_plain, of_quick = features.clone().requires_grad_(), features.clone().requires_grad_()

    with torch.no_grad():
        close(quick(features), plain(features))
    expected, given_ = plain(of_plain), quick(of_quick)
    close(given_, expected)
    expected.sin().sum().backward()
    given_.sin().sum().backward()

    summed = features[..., 0].numel()
    close(of_quick.grad, of_plain.grad)
    close(quick.weight.grad, plain.weight.grad, summed)
    if bias:
        close(quick.bias.grad, plain.bias.grad, summed)


@needs_kernel
def test_only_the_gradients_that_are_asked_for_are_computed(kernel_calls):
    _, quick = two_layers(8, 4)
    quick.weight.requires_grad_(False)
    quick.bias.requires_grad_(False)
    features = torch.randn(3, 8, requires_grad=True)

    quick(features).sum().backward()

    assert len(kernel_calls) == 2  # the product and the gradient of its input
    assert quick.weight.grad is None
    close(features.grad, quick.weight.sum(0).expand(3, 8))


@needs_kernel
@pytest.mark.parametrize("mode", [torch.no_grad, torch.enable_grad])
def test_the_kernel_meets_few_shapes(kernel_calls, mode):
    """It is compiled for each, and kept."""
    _, quick = two_layers(4, 2)
    for rows in range(1, 1500):
        with mode():
            product = quick(torch.randn(rows, 4, requires_grad=True))
            assert product.shape == (rows, 2)
            if mode is torch.enable_grad:
                product.sum().backward()

    products = 1 if mode is torch.no_grad else 3
    assert len(kernel_calls) == products * 1499
    assert len({(*call[0].shape, *call[1].shape) for call in kernel_calls}) <= products * 64


def test_rows_are_padded_to_few_numbers_and_by_little():
    padded = [onednn_linear.count_padded_rows(count) for count in range(1, 2**14 + 1)]
    assert len(set(padded)) <= 180
    assert all(count <= rows <= max(count + 32, 1.04 * count) for count, rows in enumerate(padded, 1))
    assert all(onednn_linear.count_padded_rows(rows) == rows for rows in padded)


def test_memory_for_padding_is_written_in_any_mode_and_grows():
    plain, quick = two_layers(8, 4)
    for mode, rows in (
        (torch.inference_mode, 3),
        (torch.enable_grad, 5),
        (torch.inference_mode, 301),
        (torch.no_grad, 5),
    ):
        features = torch.randn(rows, 8)
        with mode():
            close(quick(features), plain(features))


@needs_kernel
def test_defaults_of_the_process_do_not_count(monkeypatch):
    monkeypatch.setattr(onednn_linear, "_scratch", onednn_linear._Scratch())
    plain, quick = two_layers(8, 4)
    features = torch.randn(3, 8)
    torch.set_default_dtype(torch.float64)
    try:
        with torch.device("meta"), torch.no_grad():
            onednn_linear._find_kernel.cache_clear()
            assert onednn_linear._find_kernel() is not None
            product = quick(features)
    finally:
        torch.set_default_dtype(torch.float32)
    close(product, plain(features))


def test_threads_pad_in_memory_of_their_own():
    plain, quick = two_layers(64, 32)
    many = [torch.randn(rows, 64) for rows in range(1, 400)]

    def differs(features):
        with torch.no_grad():
            return (quick(features) - plain(features)).abs().max() > 1e-4

    with ThreadPoolExecutor(8) as threads:
        assert not any(threads.map(differs, many))


def test_gradients_of_gradients_are_torchs():
    plain, quick = two_layers(6, 3)
    penalties = []
    for layer in (plain, quick):
        features = torch.linspace(-1, 1, 24).view(4, 6).requires_grad_()
        (gradient,) = torch.autograd.grad(layer(features).pow(3).sum(), features, create_graph=True)
        gradient.pow(2).sum().backward()
        penalties.append(layer.weight.grad)

    close(penalties[1], penalties[0])


@needs_kernel
@pytest.mark.parametrize("mode", [torch.no_grad, torch.enable_grad, torch.inference_mode])
def test_the_kernel_is_used_in_single_precision(kernel_calls, mode):
    with mode():
        two_layers(8, 4)[1](torch.randn(2, 3, 8))

    assert len(kernel_calls) == 1


@needs_kernel
def test_torch_computes_what_it_computes_best_or_alone(kernel_calls):
    plain, quick = two_layers(8, 4)
    features = torch.randn(3, 8)
    with torch.autocast("cpu", torch.bfloat16):
        assert quick(features).dtype is torch.bfloat16
    assert quick(torch.randn(3, 16)[:, ::2]).shape == (3, 4)  # with gaps
    assert quick(torch.randn(8)).shape == (4,)
    assert quick(torch.randn(0, 8)).shape == (0, 4)
    assert copy.deepcopy(quick).bfloat16()(features.bfloat16()).dtype is torch.bfloat16
    transposed = copy.deepcopy(quick)
    transposed.weight = nn.Parameter(torch.randn(8, 4).t())
    assert transposed(features).shape == (3, 4)
    torch.jit.trace(quick, features, check_trace=False)
    close(torch.compile(quick, backend="eager")(features), plain(features))

    assert kernel_calls == []


@needs_kernel
def test_torchs_own_switch_turns_it_off(kernel_calls, monkeypatch):
    monkeypatch.setattr(torch.backends.mkldnn, "enabled", False)
    plain, quick = two_layers(8, 4)
    features = torch.randn(3, 8)

    assert torch.equal(quick(features), plain(features))
    assert kernel_calls == []


def test_without_the_kernel_torch_computes(monkeypatch):
    monkeypatch.setattr(onednn_linear, "_find_kernel", lambda: None)
    plain, quick = two_layers(8, 4)
    features = torch.randn(3, 8)

    assert torch.equal(quick(features), plain(features))


class OwnLinear(nn.Linear):
    """A layer of somebody else's."""


def test_only_torchs_own_layers_change_and_change_back():
    model = nn.ModuleDict({"plain": nn.Linear(3, 2), "inner": nn.Sequential(nn.Linear(2, 2)), "own": OwnLinear(2, 2)})
    layers = (model["plain"], model["inner"][0], model["own"])
    weights = [layer.weight for layer in layers]

    use_onednn(model)
    assert [type(layer) for layer in layers] == [OneDnnLinear, OneDnnLinear, OwnLinear]
    assert all(layer.weight is weight for layer, weight in zip(layers, weights, strict=True))
    use_torch(model)
    assert [type(layer) for layer in layers] == [nn.Linear, nn.Linear, OwnLinear]


def test_weights_changed_behind_a_layers_back_count():
    """Nothing of the weights is kept: optimizers, adapters and averages write them where no version tells."""
    plain, quick = two_layers(8, 4)
    features = torch.randn(3, 8)
    with torch.no_grad():
        quick(features)
        plain.weight.data.mul_(2)
        quick.weight.data.mul_(2)

        close(quick(features), plain(features))


def test_layers_are_copied_and_pickled():
    _, quick = two_layers(8, 4)
    features = torch.randn(3, 8)

    for other in (copy.deepcopy(quick), pickle.loads(pickle.dumps(quick))):
        assert type(other) is OneDnnLinear
        assert torch.equal(other(features), quick(features))


@pytest.mark.parametrize("rows", [7, 8])  # with rows of padding, which are cut off, and without
def test_products_may_be_changed_in_place(rows):
    """DeBERTa does so to a part of what its layer of query, key and value gives."""
    plain, quick = two_layers(4, 6)
    features = torch.randn(1, rows, 4)
    for layer in (plain, quick):
        heads = layer(features).view(1, rows, 2, 3).permute(0, 2, 1, 3)
        heads += 1
        heads.sin().sum().backward()

    close(quick.weight.grad, plain.weight.grad, rows)
    close(quick.bias.grad, plain.bias.grad, rows)


@pytest.mark.parametrize("rows", [7, 8])
def test_products_of_frozen_layers_may_be_changed_in_place(rows):
    plain, quick = two_layers(4, 6)
    features = torch.randn(rows, 4)
    shifts = []
    for layer in (plain, quick):
        shift = torch.ones(6, requires_grad=True)
        with torch.no_grad():
            product = layer(features)
        product += shift
        product.sin().sum().backward()
        shifts.append(shift.grad)

    close(shifts[1], shifts[0], rows)
