"""What layers of our own in place of torch's have in common: how they come in, and when they step aside."""

import torch
from torch import nn


def swap_layers(module: nn.Module, old: type[nn.Module], new: type[nn.Module]) -> None:
    """Make the layers of one class in a module those of another, which adds nothing to them but what it computes.

    Weights and their names stay. Subclasses of the old class, such as those of quantised models, stay what they are.
    """
    for child in module.modules():
        if type(child) is old:
            child.__class__ = new


def is_computed_plainly() -> bool:
    """Whether operations are computed as they are called: not compiled, traced or transformed by `torch.func`."""
    return not (torch.compiler.is_compiling() or torch.jit.is_tracing() or torch._C._are_functorch_transforms_active())
