"""Computation of a model's encoder: choice of the runtime, inputs, and one sequence at a time if necessary."""

import warnings
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel

from .cpu_runtime import CpuRuntime
from .encoders import is_computed_alone
from .forking import make_forks_safe
from .messages import kind_of, must_be
from .runtime import EncoderRuntime, TorchRuntime
from .watching import WatchedModule

_TORCH = TorchRuntime()
_RUNTIMES: dict[str, EncoderRuntime] = {"torch": _TORCH, "cpu": CpuRuntime()}

DEFAULT_RUNTIME = "cpu"
"""The default of new models; on other devices than a CPU, torch is used."""


class EncodingMixin(nn.Module):
    """The part of [`SpertModel`] that computes the encoder."""

    encoder: PreTrainedModel
    letter_case_embeddings: nn.Embedding | None
    device: torch.device
    _runtime: EncoderRuntime = _TORCH
    """Computes with the model's weights."""
    _watched_runtime: tuple[EncoderRuntime, WatchedModule] | None = None
    """Computes with weights of its own, in place of the other, as long as the encoder is what it was. In one piece, as
    threads may share the model."""

    def set_runtime(self, runtime: str | EncoderRuntime) -> None:
        """Set the runtime that computes the encoder. Results differ by rounding only; saved files do not differ.

        Args:
            runtime (`str` or `EncoderRuntime`): `"cpu"`, the default, with optimizations for CPUs; `"torch"`, the
                implementation in transformers; or a runtime, such as the one set by [`use_openvino`]. On devices that
                it does not support, torch is used. A runtime with a copy of the weights is used only in evaluation
                mode, without gradients, and until the encoder's weights change; otherwise the previous one is used.

        Raises:
            ValueError: the runtime is none of these.
        """
        chosen = _RUNTIMES.get(runtime) if isinstance(runtime, str) else runtime
        if not isinstance(chosen, EncoderRuntime):
            given = repr(runtime) if isinstance(runtime, str) else kind_of(runtime)
            raise ValueError(must_be("runtime", f"{', '.join(map(repr, _RUNTIMES))} or an EncoderRuntime", given))
        make_forks_safe()
        leaving = [] if self._watched_runtime is None else [self._watched_runtime[0]]
        if chosen.remade_by is None:
            leaving.append(self._runtime)
        for before in leaving:
            before.detach(self)
        try:
            chosen.attach(self)
        except BaseException:
            for before in leaving[::-1]:
                before.attach(self)
            raise
        # Not as attributes are set, which would make a part of the model of a runtime that is a module.
        if chosen.remade_by is None:
            self.__dict__.update(_runtime=chosen, _watched_runtime=None)
        else:
            self.__dict__["_watched_runtime"] = (chosen, WatchedModule(self.encoder))

    @property
    def runtime(self) -> EncoderRuntime:
        """The runtime that computes the encoder in the model's current state without gradients; see [`set_runtime`]."""
        return self._find_runtime(self.device)

    def _find_runtime(self, device: torch.device) -> EncoderRuntime:
        held = self._watched_runtime
        if held is not None and not held[1].is_training(self.encoder) and (current := self._unless_changed()):
            return current
        return self._by_own_weights(device)

    def _by_own_weights(self, device: torch.device) -> EncoderRuntime:
        return self._runtime if self._runtime.serves(device) else _TORCH

    def _unless_changed(self) -> EncoderRuntime | None:
        """The runtime with a copy of the weights, which is dropped with a warning when the encoder has changed."""
        held = self._watched_runtime
        if held is None:
            return None
        runtime, watched = held
        if watched.is_unchanged(self.encoder):
            return runtime
        self.__dict__["_watched_runtime"] = None
        runtime.detach(self)
        warnings.warn(
            f"the encoder has changed since {runtime.remade_by} was called, so torch computes it now; "
            f"call {runtime.remade_by} again for the changed encoder",
            stacklevel=2,
        )
        return None

    def run_encoder(
        self, input_ids: Tensor, attention_mask: Tensor, letter_cases: Tensor | None = None, **encoder_kwargs: Any
    ) -> Tensor:
        """Compute hidden states, *(batch, sub-words, hidden)*; arguments as in [`SpertModel.forward`]."""
        if is_computed_alone(self.encoder) and (len(input_ids) > 1 or not attention_mask.all()):
            return self._run_one_at_a_time(input_ids, attention_mask, letter_cases, **encoder_kwargs)
        runtime = self._find_runtime(input_ids.device)
        if runtime.remade_by is not None and (torch.is_grad_enabled() or encoder_kwargs):
            runtime = self._by_own_weights(input_ids.device)
        return runtime.compute(self, input_ids, attention_mask, letter_cases, **encoder_kwargs)

    def _run_one_at_a_time(
        self, input_ids: Tensor, attention_mask: Tensor, letter_cases: Tensor | None, **encoder_kwargs: Any
    ) -> Tensor:
        """As [`run_encoder`], for encoders in which padding affects the hidden states of words; padding gets zeros."""
        is_word = attention_mask.bool()
        if is_word[:, :-1].lt(is_word[:, 1:]).any():
            allowed = f"one with padding at the end for {type(self.encoder).__name__}, which can't be told of padding"
            raise ValueError(must_be("attention_mask", allowed, "padding before sub-words"))
        longest = input_ids.shape[1]
        hidden = []
        for row, length in enumerate(is_word.sum(1).clamp(min=1).tolist()):
            own = slice(row, row + 1), slice(0, length)
            cases = None if letter_cases is None else letter_cases[own]
            states = self.run_encoder(input_ids[own], torch.ones_like(input_ids[own]), cases, **encoder_kwargs)
            hidden.append(functional.pad(states, (0, 0, 0, longest - length)))
        return torch.cat(hidden)

    def embed(self, input_ids: Tensor, letter_cases: Tensor | None = None) -> Tensor:
        """Compute the encoder's input embeddings, *(batch, sub-words, embedding)*; arguments as in `forward`.

        Raises:
            ValueError: the letter cases are missing.
        """
        vectors: Tensor = self.encoder.get_input_embeddings()(input_ids)
        if self.letter_case_embeddings is None:
            return vectors
        if letter_cases is None:
            raise ValueError(must_be("letter_cases", "given, as this model has letter_case_embeddings", "none"))
        return vectors + self.letter_case_embeddings(letter_cases).to(vectors.dtype)

    def encoder_inputs(self, input_ids: Tensor, letter_cases: Tensor | None) -> dict[str, Tensor]:
        """Return the encoder's arguments: `input_ids`, or `inputs_embeds` for models with letter-case embeddings."""
        if self.letter_case_embeddings is None:
            return {"input_ids": input_ids}
        return {"inputs_embeds": self.embed(input_ids, letter_cases)}

    def extra_repr(self) -> str:
        """Show the runtime in `repr`."""
        return f"runtime={self.runtime.name}"

    def __getstate__(self) -> dict[str, Any]:
        """Copy or pickle the model with its runtime, whose check for changes of the encoder is not copied."""
        return {**self.__dict__, "_watched_runtime": self._unless_changed()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore a copy or a pickle."""
        make_forks_safe()
        held = state.get("_watched_runtime")
        super().__setstate__({**state, "_watched_runtime": None})
        self._runtime.attach(self)
        if held is not None:
            self.__dict__["_watched_runtime"] = (held, WatchedModule(self.encoder))
