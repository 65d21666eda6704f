"""Sequence packing: the sequences of a batch are concatenated, so that the encoder computes no padding.

Layers that process each sub-word separately need no change; attention is computed per sequence. On a CPU, where padding
costs as much as words, this is faster than any choice of batches.
"""

from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AttentionInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

from .cpu_attention import attend_with_dropout
from .cpu_dropout import can_draw
from .cpu_linear import count_padded_rows
from .encoders import first_position
from .tracing import is_computed_plainly

# transformers knows functions of attention by name, in the whole process: a checkpoint's copy of this file, which may
# be of another version, is not to take the place of ours. (A digest, as some parts of names have a meaning there.)
ATTENTION = f"spert_packed_{sha256(__name__.encode()).hexdigest()[:8]}"
"""Name of the attention function in transformers: that of torch, extended to packed sequences."""

_TORCHS = "sdpa"

PACKABLE_ENCODERS = frozenset({"bert", "camembert", "distilbert", "electra", "roberta", "xlm-roberta"})
"""Model types in which sub-words interact only by full attention, without windows or relative positions."""


@dataclass(slots=True)
class Packing:
    """The packing of a batch.

    Args:
        shape: shape of the batch: sequences, sub-words.
        places: indices of sub-words that are not padding in the flattened batch, *(sub-words,)*.
        position_ids: position ids for the encoder, *(1, packed)*, including a few for padding of the matrix products.
        runs: numbers of consecutive sequences of equal length, and their length.
    """

    shape: tuple[int, int]
    places: Tensor
    position_ids: Tensor
    runs: list[tuple[int, int]]

    def pack(self, ids: Tensor) -> Tensor:
        """Pack *(batch, sub-words)* to *(1, packed)*."""
        packed = ids.flatten()[self.places]
        return functional.pad(packed, (0, self.position_ids.shape[1] - len(packed))).unsqueeze(0)

    def unpack(self, hidden: Tensor) -> Tensor:
        """Unpack *(1, packed, hidden)* to *(batch, sub-words, hidden)*, with zeros for padding."""
        sequences, length = self.shape
        padded = hidden.new_zeros(sequences * length, hidden.shape[-1])
        padded[self.places] = hidden[0, : len(self.places)]
        return padded.view(sequences, length, -1)


def use_packing(encoder: PreTrainedModel) -> None:
    """Enable sequence packing in an encoder, if its model type supports it and it uses torch's attention."""
    if encoder.config.model_type not in PACKABLE_ENCODERS:
        return
    AttentionInterface.register(ATTENTION, _attend)  # also needed for an unpickled encoder, which already uses it
    AttentionMaskInterface.register(ATTENTION, sdpa_mask)
    if encoder.config._attn_implementation == _TORCHS:
        encoder.set_attn_implementation(ATTENTION)


def undo_packing(encoder: PreTrainedModel) -> None:
    """Undo [`use_packing`], unless another attention was set in the meantime."""
    if encoder.config._attn_implementation == ATTENTION:
        encoder.set_attn_implementation(_TORCHS)


def takes_packed(encoder: nn.Module) -> bool:
    """Whether an encoder supports packed sequences. (A compiled one would be recompiled for each of them.)"""
    return (
        isinstance(encoder, PreTrainedModel)
        and encoder.config._attn_implementation == ATTENTION
        and encoder._compiled_call_impl is None
    )


def find_packing(encoder: nn.Module, input_ids: Tensor, attention_mask: Tensor) -> Packing | None:
    """Find the packing of a batch.

    Args:
        encoder: the encoder.
        input_ids: *(batch, sub-words)*.
        attention_mask: 1 for sub-words, 0 for padding, *(batch, sub-words)*.

    Returns:
        The packing; `None` if the batch should not be packed.
    """
    if input_ids.device.type != "cpu" or not is_computed_plainly():
        return None
    if not takes_packed(encoder) or attention_mask.shape != input_ids.shape:
        return None
    is_word = attention_mask.bool()
    if is_word[:, :-1].lt(is_word[:, 1:]).any():  # padding is at the end
        return None
    places = is_word.flatten().nonzero().squeeze(1)
    first = first_position(encoder)
    if first and input_ids.flatten()[places].eq(first - 1).any():  # padding inside a text has no position
        return None
    sequences, length = input_ids.shape
    positions = torch.arange(first, first + length).expand(sequences, length).flatten()[places]
    filling = count_padded_rows(len(places)) - len(places)
    return Packing(
        shape=(sequences, length),
        places=places,
        position_ids=functional.pad(positions, (0, filling), value=first).unsqueeze(0),
        runs=[(len(list(equal)), own) for own, equal in groupby(is_word.sum(1).tolist()) if own],
    )


def _attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    packed_runs: list[tuple[int, int]] | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """An attention function for transformers, with tensors *(batch, heads, sub-words, size)*.

    Args:
        packed_runs: `runs` of [`Packing`] for packed sequences, a batch of size 1.
    """
    if packed_runs is None:
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **kwargs
        )
    if dropout and can_draw(dropout):
        lengths = [length for count, length in packed_runs for _ in range(count)]
        scale = query.shape[-1] ** -0.5 if scaling is None else scaling
        return attend_with_dropout(
            query.squeeze(0), key.squeeze(0), value.squeeze(0), lengths, dropout, scale
        ).unsqueeze(0), None
    sizes = [count * length for count, length in packed_runs]
    filling = query.shape[2] - sum(sizes)
    parts = [whole[0].split([*sizes, filling], dim=1) for whole in (query, key, value)]
    attended = []
    for (count, length), *of_run in zip(packed_runs, *parts, strict=False):
        q, k, v = (part.unflatten(1, (count, length)).transpose(0, 1) for part in of_run)
        vectors = functional.scaled_dot_product_attention(q, k, v, dropout_p=dropout, scale=scaling)
        attended.append(vectors.transpose(1, 2).flatten(0, 1))
    attended.append(parts[-1][-1].transpose(0, 1))  # padding, whose values are not used
    return torch.cat(attended).unsqueeze(0), None
