"""Linear layers of an encoder by oneDNN, in single precision on a CPU: twice as fast as torch's own on some.

There torch hands `float32` products to MKL, which leaves half of what AVX-512 can do unused on CPUs that are not
Intel's; other precisions it hands to oneDNN by itself.
"""

import platform
import threading
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .tracing import is_computed_plainly


class OneDnnLinear(nn.Linear):
    """A linear layer that has oneDNN compute what torch would have MKL compute, and is torch's own in all else.

    Results differ from torch's in the last digits, as those of any two orders of summation do. Where torch is told to
    do without oneDNN (`torch.backends.mkldnn.flags(enabled=False)`), so does this.
    """

    def forward(self, input: Tensor) -> Tensor:
        """As torch's layer: *(…, inputs)* in, *(…, outputs)* out."""
        weight, bias = self.weight, self.bias  # looked up once: torch looks for them among all that a module may have
        if not _is_for_onednn(input, weight):
            return functional.linear(input, weight, bias)
        if torch.is_grad_enabled():
            return _OneDnnProduct.apply(input, weight, bias)
        return _multiply_padded(input, weight, bias)


class _OneDnnProduct(torch.autograd.Function):
    """`input @ weight.T + bias` and its gradients, in which both factors may be asked for or not."""

    @staticmethod
    def forward(context: Any, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        context.save_for_backward(input, weight)
        return _multiply_padded(input, weight, bias)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        input, weight = context.saved_tensors
        of_input, of_weight, of_bias = context.needs_input_grad
        count = input[..., 0].numel()
        # Gradients of gradients are asked for where gradients are recorded here, too: those are torch's.
        plainly = (functional.linear, _as_is, torch.t)
        multiply, pad, transpose = plainly if torch.is_grad_enabled() else (_multiply, _with_padding, _transpose)
        gradient_rows = pad(gradient.flatten(0, -2).contiguous())
        return (
            multiply(gradient_rows, weight.t())[:count].view_as(input) if of_input else None,
            multiply(transpose(gradient_rows), pad(input.flatten(0, -2)).t()) if of_weight else None,
            gradient_rows.sum(0) if of_bias else None,
        )


def _multiply(rows: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    return _find_kernel()(rows, weight, bias, "none", [], "")


def _take_fresh(*shape: int) -> Tensor:
    # Neither the process's default type nor its default device counts here.
    return torch.empty(shape, dtype=torch.float32, device="cpu")


def _multiply_padded(input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """`input @ weight.T + bias`, *(…, outputs)*."""
    count = input.numel() // input.shape[-1]
    if count_padded_rows(count) == count:
        product = _multiply(input, weight, bias)
    else:
        rows = input.flatten(0, -2)
        padded = _multiply(_with_padding(rows, _scratch.take), weight, bias)
        product = padded[: len(rows)].view(*input.shape[:-1], len(weight))
    # Either is a view, and autograd lets no model change, in place, a view that an autograd function gives or that is
    # from where nothing was recorded. `data` is none: to autograd these numbers are a tensor's that nobody else has.
    return product.data


def _with_padding(rows: Tensor, take: Callable[[int, int], Tensor] = _take_fresh) -> Tensor:
    """Rows, and as many of zeros as [`count_padded_rows`] says."""
    count, columns = rows.shape
    padded_count = count_padded_rows(count)
    if padded_count == count:
        return rows
    padded = take(padded_count, columns)
    padded[:count] = rows
    padded[count:] = 0
    return padded


def count_padded_rows(count: int) -> int:
    """The next of a few dozen numbers of rows: from 1,024 on 32 to each doubling.

    oneDNN compiles a kernel for each number of rows and keeps a thousand of them, half a megabyte each.
    """
    if count < 256:
        return count + -count % (8 if count < 128 else 16)
    return count + -count % max(32, 1 << count.bit_length() - 6)


def _as_is(rows: Tensor) -> Tensor:
    return rows


def _transpose(rows: Tensor) -> Tensor:
    """Padded rows as columns, in one block, which torch makes with one core of a matrix and with all of more axes."""
    return rows.unflatten(0, (2, -1)).permute(2, 0, 1).contiguous().flatten(1)


class _Scratch(threading.local):
    """Memory for padded rows, each thread's own: what is fresh costs the system a page fault every 4 kB."""

    MOST_KEPT = 4 * 2**20
    """Numbers, of 4 bytes."""

    def __init__(self) -> None:
        self._numbers = _take_fresh(0)

    def take(self, rows: int, columns: int) -> Tensor:
        """A matrix of anything, in `float32`, until the next call."""
        if rows * columns > self.MOST_KEPT:
            return _take_fresh(rows, columns)
        if len(self._numbers) < rows * columns:
            with torch.inference_mode(False):  # or it could be written in that mode only
                self._numbers = _take_fresh(rows * columns)
        return self._numbers[: rows * columns].view(rows, columns)


_scratch = _Scratch()


def _is_for_onednn(input: Tensor, weight: Tensor) -> bool:
    """Whether torch would give this product to MKL, and oneDNN's kernel takes it.

    The kernel is slow on tensors with gaps, and unknown to tensors that are more than a block of numbers (quantised,
    sharded), to casts, and to what records a model's operations.
    """
    return (
        is_computed_plainly()
        and input.dtype is weight.dtype is torch.float32
        and input.device.type == weight.device.type == "cpu"
        and type(input) is Tensor
        and type(weight) in (nn.Parameter, Tensor)
        and input.dim() > 1
        and input.numel() > 0
        and input.is_contiguous()
        and weight.is_contiguous()
        and not torch.is_autocast_enabled("cpu")
        and getattr(torch.backends.mkldnn, "enabled", True)
        and _find_kernel() is not None
    )


@cache
def _find_kernel() -> Any:
    """The operator that torch's own compiler uses for linear layers; `None` where there is none, or it doesn't work."""
    if platform.machine().lower() not in ("x86_64", "amd64") or not torch.backends.mkldnn.is_available():
        return None
    try:
        kernel = torch.ops.mkldnn._linear_pointwise.default
        rows, weight, bias = (_take_fresh(*shape).fill_(1) for shape in ((2, 3), (4, 3), (4,)))
        right = kernel(rows, weight, bias, "none", [], "").eq(4).all()
    except (AttributeError, RuntimeError):
        return None
    return kernel if right else None
