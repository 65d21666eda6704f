"""Linear layers computed by oneDNN in `float32`: on some CPUs twice as fast as in torch.

Torch uses MKL for `float32`, which does not make full use of AVX-512 on CPUs that are not made by Intel; for other
dtypes it uses oneDNN.
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
    """`nn.Linear` that uses oneDNN where torch would use MKL.

    Results differ from those of torch by rounding. If oneDNN is disabled in torch
    (`torch.backends.mkldnn.flags(enabled=False)`), it is not used.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the layer to *(…, inputs)*; returns *(…, outputs)*."""
        weight, bias = self.weight, self.bias  # looked up once, as attribute access of modules is slow
        if not _is_for_onednn(input, weight):
            return functional.linear(input, weight, bias)
        if torch.is_grad_enabled():
            return _OneDnnProduct.apply(input, weight, bias)
        return _multiply_padded(input, weight, bias)


class _OneDnnProduct(torch.autograd.Function):
    """`input @ weight.T + bias` and those of its gradients that are needed."""

    @staticmethod
    def forward(context: Any, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        context.save_for_backward(input, weight)
        return _multiply_padded(input, weight, bias)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        input, weight = context.saved_tensors
        of_input, of_weight, of_bias = context.needs_input_grad
        count = input[..., 0].numel()
        # Recording of gradients is enabled here only for double backward, which is left to torch.
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
    # Independent of the default dtype and the default device.
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
    """Pad with rows of zeros to the number given by [`count_padded_rows`]."""
    count, columns = rows.shape
    padded_count = count_padded_rows(count)
    if padded_count == count:
        return rows
    padded = take(padded_count, columns)
    padded[:count] = rows
    padded[count:] = 0
    return padded


def count_padded_rows(count: int) -> int:
    """Round a number of rows up to one of a few dozen: from 1,024 on, 32 per power of two.

    oneDNN compiles a kernel for each number of rows and caches a thousand of them, half a megabyte each.
    """
    if count < 256:
        return count + -count % (8 if count < 128 else 16)
    return count + -count % max(32, 1 << count.bit_length() - 6)


def _as_is(rows: Tensor) -> Tensor:
    return rows


def _transpose(rows: Tensor) -> Tensor:
    """Transpose padded rows to a contiguous tensor; torch uses a single core for a matrix, but all for more axes."""
    return rows.unflatten(0, (2, -1)).permute(2, 0, 1).contiguous().flatten(1)


class _Scratch(threading.local):
    """Thread-local memory for padded rows: newly allocated memory costs a page fault every 4 kB."""

    MOST_KEPT = 4 * 2**20
    """The maximum size, in elements of 4 bytes."""

    def __init__(self) -> None:
        self._numbers = _take_fresh(0)

    def take(self, rows: int, columns: int) -> Tensor:
        """Return an uninitialized `float32` matrix, valid until the next call."""
        if rows * columns > self.MOST_KEPT:
            return _take_fresh(rows, columns)
        if len(self._numbers) < rows * columns:
            with torch.inference_mode(False):  # an inference tensor could only be written in inference mode
                self._numbers = _take_fresh(rows * columns)
        return self._numbers[: rows * columns].view(rows, columns)


_scratch = _Scratch()


def _is_for_onednn(input: Tensor, weight: Tensor) -> bool:
    """Whether torch would use MKL for this product, and the oneDNN kernel supports it.

    The kernel is slow for non-contiguous tensors, and does not support tensor subclasses (quantized, sharded), autocast
    and tracing.
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
    """Return the operator that torch's compiler uses for linear layers; `None` if it is missing or does not work."""
    if platform.machine().lower() not in ("x86_64", "amd64") or not torch.backends.mkldnn.is_available():
        return None
    try:
        kernel = torch.ops.mkldnn._linear_pointwise.default
        rows, weight, bias = (_take_fresh(*shape).fill_(1) for shape in ((2, 3), (4, 3), (4,)))
        right = kernel(rows, weight, bias, "none", [], "").eq(4).all()
    except (AttributeError, RuntimeError):
        return None
    return kernel if right else None
