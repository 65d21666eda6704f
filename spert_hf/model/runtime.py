"""What computes a model's encoder: torch as transformers has it, or something quicker that does the same."""

from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel


class EncodingModel(Protocol):
    """What a runtime needs of a model; [`SpertModel`] is one."""

    encoder: PreTrainedModel

    def modules(self) -> Iterator[nn.Module]:
        """All its modules, itself included."""

    def embed(self, input_ids: Tensor, letter_cases: Tensor | None = None) -> Tensor:
        """Vectors of sub-words, *(batch, sub-words, embedding)*."""

    def encoder_inputs(self, input_ids: Tensor, letter_cases: Tensor | None) -> dict[str, Tensor]:
        """Sub-words as transformers' encoder takes them, by the name of its argument."""


@runtime_checkable
class EncoderRuntime(Protocol):
    """What computes a model's encoder, what padding costs it, and from where on workers pay.

    A runtime is set by [`SpertModel.set_runtime`], and models may share it: what it keeps of a model stands in the
    model's modules, or is its copy of the weights. `docs/design.md` says how to add one.
    """

    name: str
    """As `repr` of a model shows it."""

    remade_by: str | None
    """The function that makes it of a model, if it holds weights of its own. Such a runtime computes only where no
    gradients are recorded, in evaluation mode, and as long as the encoder is what it was when the runtime was set.
    `None` for a runtime that computes with the model's weights."""

    workers_pay_from: float | None
    """Cost of an average batch, in sub-words, from which on it computes batches side by side, in threads of their own,
    the quicker. `None`: it never does."""

    has_own_threads: bool
    """Whether it computes by threads of its own, in whose way torch's would be."""

    def serves(self, device: torch.device) -> bool:
        """Whether it computes there; elsewhere, torch does."""

    def attach(self, model: EncodingModel) -> None:
        """Prepare a model for it, perhaps once more. Weights, their names and what is saved stay as they are."""

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
        """Hidden states, *(batch, sub-words, hidden)*; those of padding may be anything.

        Args:
            model: to which the runtime is attached, or on a device that it does not serve.
            input_ids: sub-words with the encoder's special ones, *(batch, sub-words)*.
            attention_mask: 1 for sub-words, 0 for padding, *(batch, sub-words)*.
            letter_cases: how each sub-word is written, *(batch, sub-words)*, for a model that has embeddings for it.
            encoder_kwargs: further arguments of the encoder's `forward`; a runtime with weights of its own gets none.
        """

    def padding_cost(self, encoder: PreTrainedModel) -> float | None:
        """What a sub-word of padding takes, of what one of a word takes; `None` where batches had better be full."""


class TorchRuntime:
    """The encoder as transformers has it, on any device."""

    name = "torch"
    remade_by: str | None = None
    workers_pay_from: float | None = None
    has_own_threads = False

    def serves(self, device: torch.device) -> bool:
        """On all."""
        return True

    def attach(self, model: EncodingModel) -> None:
        """There is nothing to prepare."""

    def detach(self, model: EncodingModel) -> None:
        """There is nothing to undo."""

    def compute(
        self,
        model: EncodingModel,
        input_ids: Tensor,
        attention_mask: Tensor,
        letter_cases: Tensor | None = None,
        **encoder_kwargs: Any,
    ) -> Tensor:
        """As [`EncoderRuntime.compute`]."""
        inputs = model.encoder_inputs(input_ids, letter_cases)
        output = model.encoder(**inputs, attention_mask=attention_mask, return_dict=True, **encoder_kwargs)
        hidden: Tensor = output.last_hidden_state
        return hidden

    def padding_cost(self, encoder: PreTrainedModel) -> float | None:
        """An accelerator computes full batches best."""
        return None
