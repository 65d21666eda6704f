"""When what is computed in a way of our own steps aside for torch's."""

import torch


def is_computed_plainly() -> bool:
    """Whether operations are computed as they are called: not compiled, traced or transformed by `torch.func`."""
    return not (torch.compiler.is_compiling() or torch.jit.is_tracing() or torch._C._are_functorch_transforms_active())
