"""The CPU runtime: oneDNN linear layers, fast dropout, sequence packing, and parallel batches."""

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
    """The encoder in transformers with layers that are faster on a CPU.

    The encoder's linear layers become [`OneDnnLinear`], the model's dropout layers [`QuickDropout`], and encoders that
    support it get packed sequences. Each of these falls back to torch where it is not faster: on other devices, with
    other dtypes, and when compiled or exported, results are those of [`TorchRuntime`].
    """

    name = "cpu"
    workers_pay_from: float | None = LEAST_SHARED

    def serves(self, device: torch.device) -> bool:
        """Support CPUs."""
        return device.type == "cpu"

    def attach(self, model: EncodingModel) -> None:
        """Replace the model's layers."""
        _swap_layers(model.encoder, nn.Linear, OneDnnLinear)
        _swap_layers(model, nn.Dropout, QuickDropout)
        use_packing(model.encoder)

    def detach(self, model: EncodingModel) -> None:
        """Restore the model's layers."""
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
        """Compute the hidden states; see [`EncoderRuntime.compute`]. Packed if possible, with zeros for padding."""
        packing = None if encoder_kwargs else find_packing(model.encoder, input_ids, attention_mask)
        if packing is None:
            return super().compute(model, input_ids, attention_mask, letter_cases, **encoder_kwargs)
        inputs = model.encoder_inputs(
            packing.pack(input_ids), None if letter_cases is None else packing.pack(letter_cases)
        )
        where = {"position_ids": packing.position_ids, "packed_runs": packing.runs}
        return packing.unpack(model.encoder(**inputs, **where, return_dict=True).last_hidden_state)

    def padding_cost(self, encoder: PreTrainedModel) -> float | None:
        """Return the cost of padding: that of a word, unless sequences are packed."""
        return PADDING_COST if is_computed_alone(encoder) or takes_packed(encoder) else 1.0


def _swap_layers(module: EncodingModel | nn.Module, old: type[nn.Module], new: type[nn.Module]) -> None:
    """Change the class of layers in a module to one that differs in its computation only.

    Weights and their names are not changed. Layers of subclasses, such as those of quantized models, are not changed.
    """
    for child in module.modules():
        if type(child) is old:
            child.__class__ = new
