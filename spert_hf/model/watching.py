"""Detection of changes to a module, after which copies of its weights are outdated."""

from collections.abc import Mapping
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

_LARGEST_PROBE = 8
"""Values of each tensor that are compared, as writes through `.data` leave no other trace."""


class WatchedModule:
    """A fingerprint of a module, which is compared with it in far less time than its forward pass takes.

    It detects replaced submodules and weights, changes of dtype or device, in-place changes of weights, and hooks;
    writes through `.data` are detected unless they change only a few values.

    Args:
        module: the module.
    """

    def __init__(self, module: nn.Module) -> None:
        # Flat lists, as they are compared for every batch, however small.
        self._parts = [*module.modules()]
        self._dicts = [held for part in self._parts for held in _dicts_of(part)]
        self._held = [*chain.from_iterable(held.values() for held in self._dicts)]  # so that no id is reused
        self._tensors = [tensor for tensor in self._held if isinstance(tensor, Tensor)]
        # Inference tensors have no version counter.
        self._counting = [tensor for tensor in self._tensors if not tensor.is_inference()]
        self._probes = [probe for probe in map(_probe, self._tensors) if probe is not None]
        self._before = self._look()

    def is_unchanged(self, module: nn.Module) -> bool:
        """Whether this is the watched module, unchanged."""
        return module is self._parts[0] and self._before == self._look()

    def is_training(self, module: nn.Module) -> bool:
        """Whether this is the watched module, and any part of it is in training mode."""
        return module is self._parts[0] and any(part.training for part in self._parts)

    def _look(self) -> tuple[Any, ...]:
        return (
            [*map(id, chain.from_iterable([held.values() for held in self._dicts]))],
            [*map(type, self._parts)],
            [(tensor.data_ptr(), tensor.dtype) for tensor in self._tensors],
            [tensor._version for tensor in self._counting],
            [probe.tobytes() for probe in self._probes],
        )


def _dicts_of(module: nn.Module) -> tuple[Mapping[Any, Any], ...]:
    """The dictionaries of a module's children, weights, buffers and hooks."""
    hooks = module._forward_hooks, module._forward_pre_hooks
    return module._modules, module._parameters, module._buffers, *hooks


def _probe(tensor: Tensor) -> Any:
    """A view of some of a tensor's values for NumPy, which reads a few values much faster than torch."""
    if tensor.device.type != "cpu" or tensor.dtype is not torch.float32 or not tensor.is_contiguous():
        return None
    flat = tensor.detach().view(-1)
    return flat[:: max(1, -(-len(flat) // _LARGEST_PROBE))].numpy()
