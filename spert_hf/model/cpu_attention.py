"""Attention with dropout over packed sequences, for training on a CPU.

There, torch computes it by separate operations, each with its own backward pass, and searches for fully masked rows.
Here there are no such rows, and a single backward pass.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .cpu_dropout import draw_kept


def attend_with_dropout(
    query: Tensor, key: Tensor, value: Tensor, lengths: list[int], p: float, scale: float
) -> Tensor:
    """Compute attention within each packed sequence, at least in `float32`.

    Args:
        query, key, value: *(heads, sub-words, size)*.
        lengths: lengths of the sequences; positions after them are padding, whose result is zero.
        p: dropout probability, which [`can_draw`][.cpu_dropout.can_draw] must support.
        scale: scale of the products of queries and keys.

    Returns:
        *(sub-words, heads, size)*, in the dtype of `query`.
    """
    precise = torch.promote_types(query.dtype, torch.float32)
    kept = draw_kept(len(query) * sum(length**2 for length in lengths), p, precise)
    with torch.autocast("cpu", enabled=False):
        attended: Tensor = _Attention.apply(*(given.to(precise) for given in (query, key, value)), kept, lengths, scale)
    return attended.to(query.dtype)


class _Attention(torch.autograd.Function):
    """`(softmax(query @ key.T * scale) * kept) @ value`, sequence by sequence."""

    @staticmethod
    @torch.amp.custom_fwd(device_type="cpu")
    def forward(
        context: Any, query: Tensor, key: Tensor, value: Tensor, kept: Tensor, lengths: list[int], scale: float
    ) -> Tensor:
        query = query * scale
        attentions, attended = [], []
        for q, k, v, factors in zip(
            *(_sequences(whole, lengths) for whole in (query, key, value)),
            _squares(kept, len(query), lengths),
            strict=True,
        ):
            attentions.append(torch.bmm(q, k.transpose(1, 2)).softmax(-1))
            attended.append(torch.bmm(attentions[-1] * factors, v))
        context.lengths, context.scale = lengths, scale
        context.save_for_backward(query, key, value, kept, *attentions)
        return _one_behind_the_other(attended, query.shape[1])

    @staticmethod
    @once_differentiable
    @torch.amp.custom_bwd(device_type="cpu")
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        query, key, value, kept, *attentions = context.saved_tensors
        lengths = context.lengths
        gradient = gradient.transpose(0, 1)
        of_query, of_key, of_value = [], [], []
        for q, k, v, g, factors, attention in zip(
            *(_sequences(whole, lengths) for whole in (query, key, value, gradient)),
            _squares(kept, len(query), lengths),
            attentions,
            strict=True,
        ):
            of_value.append(torch.bmm((attention * factors).transpose(1, 2), g))
            of_attention = torch.bmm(g, v.transpose(1, 2)).mul_(factors)
            of_scores = torch._softmax_backward_data(of_attention, attention, -1, attention.dtype)
            of_query.append(torch.bmm(of_scores, k))
            of_key.append(torch.bmm(of_scores.transpose(1, 2), q))
        gradients = [_one_behind_the_other(parts, query.shape[1]) for parts in (of_query, of_key, of_value)]
        gradients[0].mul_(context.scale)  # of the unscaled query; the gradient of the key gets the scale from the query
        return *(whole.transpose(0, 1) for whole in gradients), None, None, None


def _sequences(whole: Tensor, lengths: list[int]) -> tuple[Tensor, ...]:
    """Split *(heads, sub-words, size)* into sequences."""
    return whole[:, : sum(lengths)].split(lengths, dim=1)


def _squares(numbers: Tensor, heads: int, lengths: list[int]) -> list[Tensor]:
    """Split a flat tensor into *(heads, sub-words, sub-words)* per sequence."""
    parts = numbers.split([heads * length**2 for length in lengths])
    return [part.view(heads, length, length) for part, length in zip(parts, lengths, strict=True)]


def _one_behind_the_other(parts: list[Tensor], count: int) -> Tensor:
    """Concatenate *(heads, sub-words, size)* per sequence to *(sub-words, heads, size)*, with zeros up to `count`."""
    rest = parts[0].new_zeros(count - sum(part.shape[1] for part in parts), *parts[0].shape[::2])
    return torch.cat([*(part.transpose(0, 1) for part in parts), rest])
