"""All that makes a CPU fast: oneDNN's products, dropout by few random bits, packed sequences, batches side by side."""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from .cpu_dropout import QuickDropout
from .cpu_linear import OneDnnLinear
from .cpu_packing import find_packing, takes_packed, undo_packing, use_packing
from .cpu_scheduling import LEAST_SHARED, PADDING_COST
from .encoders import is_computed_alone
from .runtime import EncodingModel, TorchRuntime


class CpuRuntime(TorchRuntime):
    """The encoder by transformers' code and the model's weights, with layers that a CPU computes faster.

    The encoder's linear layers become [`OneDnnLinear`], the model's dropout layers [`QuickDropout`], and an encoder
    that can takes the sequences of a batch packed. Each of them leaves to torch what it can't do better, so that a
    model on another device, in another precision, or one that is compiled or exported computes as with
    [`TorchRuntime`].
    """

    name = "cpu"
    workers_pay_from: float | None = LEAST_SHARED

    def serves(self, device: torch.device) -> bool:
        """On CPUs."""
        return device.type == "cpu"

    def attach(self, model: EncodingModel) -> None:
        """Have the model's layers computed by those above."""
        _swap_layers(model.encoder, nn.Linear, OneDnnLinear)
        _swap_layers(model, nn.Dropout, QuickDropout)
        use_packing(model.encoder)

    def detach(self, model: EncodingModel) -> None:
        """Give the model the layers that it had."""
        _swap_layers(model.encoder, OneDnnLinear, nn.Linear)
        _swap_layers(model, QuickDropout, nn.Dropout)
        undo_packing(model.encoder)

    def compute(
        self,
        model: EncodingModel,
        input_ids: Tensor,
        attention_mask: Tensor,
        letter_cases: Tensor | None = None,
        **encoder_kwargs: Any,
    ) -> Tensor:
        """As [`EncoderRuntime.compute`]: packed, if the encoder takes it, with zeros for padding."""
        packing = None if encoder_kwargs else find_packing(model.encoder, input_ids, attention_mask)
        if packing is None:
            return super().compute(model, input_ids, attention_mask, letter_cases, **encoder_kwargs)
        inputs = model.encoder_inputs(
            packing.pack(input_ids), None if letter_cases is None else packing.pack(letter_cases)
        )
        where = {"position_ids": packing.position_ids, "packed_runs": packing.runs}
        return packing.unpack(model.encoder(**inputs, **where, return_dict=True).last_hidden_state)

    def padding_cost(self, encoder: PreTrainedModel) -> float | None:
        """As much as a word, unless the encoder computes none."""
        return PADDING_COST if is_computed_alone(encoder) or takes_packed(encoder) else 1.0


def _swap_layers(module: EncodingModel | nn.Module, old: type[nn.Module], new: type[nn.Module]) -> None:
    """Make the layers of one class in a module those of another, which differs in nothing but what it computes.

    Weights and their names stay. Subclasses of the old class, such as those of quantized models, stay what they are.
    """
    for child in module.modules():
        if type(child) is old:
            child.__class__ = new
