"""What a module is called with while something else runs: the same inputs, ready to be timed on their own."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from spert_hf import SpertModel
from spert_hf.model.cpu_workers import side_by_side


def record_calls(module: nn.Module, run: Callable[[], object]) -> list[dict[str, Any]]:
    """Run something and return the keyword arguments of each call of the module on the way.

    Raises:
        RuntimeError: if the module was not called.
    """
    calls: list[dict[str, Any]] = []
    hook = module.register_forward_pre_hook(lambda _module, _args, kwargs: calls.append(dict(kwargs)), with_kwargs=True)
    try:
        run()
    finally:
        hook.remove()
    if not calls:
        raise RuntimeError(f"{type(module).__name__} was not called, so there are no batches to time it on")
    return calls


def record_batches(model: SpertModel, run: Callable[[], object]) -> list[dict[str, Any]]:
    """Run something and return the padded batches that the model gets on the way, as an encoder takes them."""
    return [{name: call[name] for name in ("input_ids", "attention_mask")} for call in record_calls(model, run)]


def replay(compute: Callable[..., object], calls: list[dict[str, Any]], workers: int = 1) -> Callable[[], None]:
    """A function that calls a module, or a method, with recorded arguments, without gradients.

    Args:
        compute: any.
        calls: of [`record_calls`] or [`record_batches`].
        workers: that take the calls in turn, as the pipeline has them do; 1 makes one call after the other.
    """

    @torch.inference_mode()
    def call(kwargs: dict[str, Any]) -> None:
        compute(**kwargs)

    def run() -> None:
        for _ in map(call, calls) if workers == 1 else side_by_side(call, calls, workers):
            pass

    return run
