"""Detection of compilation and tracing, for which custom implementations fall back to torch's."""

import torch


def is_computed_plainly() -> bool:
    """Whether operations run eagerly: not compiled, traced or transformed by `torch.func`."""
    return not (torch.compiler.is_compiling() or torch.jit.is_tracing() or torch._C._are_functorch_transforms_active())
