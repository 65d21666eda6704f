"""Runtimes, which compute a model's encoder: as implemented in transformers, or faster with the same results."""

from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel


class EncodingModel(Protocol):
    """The interface of a model that a runtime needs; [`SpertModel`] implements it."""

    encoder: PreTrainedModel

    def modules(self) -> Iterator[nn.Module]:
        """Yield all modules, including the model itself."""

    def embed(self, input_ids: Tensor, letter_cases: Tensor | None = None) -> Tensor:
        """Compute input embeddings, *(batch, sub-words, embedding)*."""

    def encoder_inputs(self, input_ids: Tensor, letter_cases: Tensor | None) -> dict[str, Tensor]:
        """Return the arguments of the encoder in transformers: `input_ids` or `inputs_embeds`."""


@runtime_checkable
class EncoderRuntime(Protocol):
    """Computes a model's encoder, and provides the cost of padding and the batch size from which workers pay off.

    A runtime is set by [`SpertModel.set_runtime`]. Models may share a runtime: its state for a model is in the model's
    modules, or is a copy of the weights. `docs/design.md` describes how to add a runtime.
    """

    name: str
    """The name shown in the `repr` of a model."""

    remade_by: str | None
    """The function that creates the runtime from a model, if it has a copy of the weights. Such a runtime is used only
    in evaluation mode, without gradients, and until the encoder's weights change. `None` for a runtime that uses the
    model's weights."""

    workers_pay_from: float | None
    """The cost of an average batch, in sub-words, from which on computing batches in parallel, in several threads, is
    faster. `None`: never."""

    has_own_threads: bool
    """Whether the runtime has its own threads, with which those of torch would compete."""

    def serves(self, device: torch.device) -> bool:
        """Whether the runtime supports a device; on others, torch is used."""

    def attach(self, model: EncodingModel) -> None:
        """Prepare a model; may be called repeatedly. Weights, their names and saved files must not change."""

    def detach(self, model: EncodingModel) -> None:
        """Undo [`EncoderRuntime.attach`]."""

    def compute(
        self,
        model: EncodingModel,
        input_ids: Tensor,
        attention_mask: Tensor,
        letter_cases: Tensor | None = None,
        **encoder_kwargs: Any,
    ) -> Tensor:
        """Compute the hidden states.

        Args:
            model: the model to which the runtime is attached, or one on a device that it does not support.
            input_ids: sub-words, including special tokens, *(batch, sub-words)*.
            attention_mask: 1 for sub-words, 0 for padding, *(batch, sub-words)*.
            letter_cases: letter case of each sub-word, *(batch, sub-words)*, for models with letter-case embeddings.
            encoder_kwargs: additional arguments of the encoder's `forward`; none for a runtime with a copy of the
                weights.

        Returns:
            *(batch, sub-words, hidden)*; values at padding are arbitrary.
        """

    def padding_cost(self, encoder: PreTrainedModel) -> float | None:
        """Return the cost of a padding token relative to other sub-words; `None` if full batches are fastest."""


class TorchRuntime:
    """The encoder as implemented in transformers, on any device."""

    name = "torch"
    remade_by: str | None = None
    workers_pay_from: float | None = None
    has_own_threads = False

    def serves(self, device: torch.device) -> bool:
        """Support all devices."""
        return True

    def attach(self, model: EncodingModel) -> None:
        """Do nothing."""

    def detach(self, model: EncodingModel) -> None:
        """Do nothing."""

    def compute(
        self,
        model: EncodingModel,
        input_ids: Tensor,
        attention_mask: Tensor,
        letter_cases: Tensor | None = None,
        **encoder_kwargs: Any,
    ) -> Tensor:
        """Compute the hidden states; see [`EncoderRuntime.compute`]."""
        inputs = model.encoder_inputs(input_ids, letter_cases)
        output = model.encoder(**inputs, attention_mask=attention_mask, return_dict=True, **encoder_kwargs)
        hidden: Tensor = output.last_hidden_state
        return hidden

    def padding_cost(self, encoder: PreTrainedModel) -> float | None:
        """Return `None`: accelerators are fastest with full batches."""
        return None
