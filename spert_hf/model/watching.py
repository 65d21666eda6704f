"""Whether a module is still what it was: what was made of its weights is of no use any more once it is another."""

from collections.abc import Mapping
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

_LARGEST_PROBE = 8
"""Numbers of each tensor that are looked at, as writing through `.data` leaves no other trace."""


class WatchedModule:
    """What a module was at some moment, in a form that is compared with it in far less time than the module computes.

    It sees replaced parts and weights, other precision or device, weights written in place, and hooks; of what is
    written through `.data`, all but changes of a few numbers.

    Args:
        module: any.
    """

    def __init__(self, module: nn.Module) -> None:
        # Flat lists, as this is looked at with every batch, however small.
        self._parts = [*module.modules()]
        self._dicts = [held for part in self._parts for held in _dicts_of(part)]
        self._held = [*chain.from_iterable(held.values() for held in self._dicts)]  # so that no id is given anew
        self._tensors = [tensor for tensor in self._held if isinstance(tensor, Tensor)]
        # What was made for inference only has no count of its changes.
        self._counting = [tensor for tensor in self._tensors if not tensor.is_inference()]
        self._probes = [probe for probe in map(_probe, self._tensors) if probe is not None]
        self._before = self._look()

    def is_unchanged(self, module: nn.Module) -> bool:
        """Whether the module is the one that was watched, and as it was then."""
        return module is self._parts[0] and self._before == self._look()

    def is_training(self, module: nn.Module) -> bool:
        """Whether the module is the one that was watched, and any part of it is in training mode."""
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
    """Where a module keeps children, weights, buffers and hooks."""
    hooks = module._forward_hooks, module._forward_pre_hooks
    return module._modules, module._parameters, module._buffers, *hooks


def _probe(tensor: Tensor) -> Any:
    """Some of a tensor's numbers, in its own memory, for NumPy, which reads a few far quicker than torch does."""
    if tensor.device.type != "cpu" or tensor.dtype is not torch.float32 or not tensor.is_contiguous():
        return None
    flat = tensor.detach().view(-1)
    return flat[:: max(1, -(-len(flat) // _LARGEST_PROBE))].numpy()
