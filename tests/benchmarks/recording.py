"""What a module is called with while something else runs: the same inputs, ready to be timed on their own."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn


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
        raise RuntimeError(f"{type(module).__name__}: was not called, so there are no batches to time it on")
    return calls


def replay(module: nn.Module, calls: list[dict[str, Any]]) -> Callable[[], None]:
    """A function that calls the module with recorded arguments, without gradients."""

    @torch.inference_mode()
    def run() -> None:
        for kwargs in calls:
            module(**kwargs)

    return run
