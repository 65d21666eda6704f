"""float16 with scaled losses, which Accelerate has on a GPU, on a CPU: as slow as it is telling."""

from functools import partial
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor

USUAL_SCALE = 2.0**16
"""By which torch begins to multiply losses."""


class Float16Accelerator(Accelerator):
    """An Accelerator that computes in float16 wherever it is, with losses scaled up at first by `scale`."""

    def __init__(self, scale: float = USUAL_SCALE, **settings: Any) -> None:
        super().__init__(**{**settings, "mixed_precision": "bf16"})  # for bfloat16 it sets autocasting up anywhere
        self.state._mixed_precision = "fp16"
        self.scaler = torch.amp.GradScaler(self.device.type, init_scale=scale)


class InfiniteGradients(Float16Accelerator):
    """One all of whose gradients are infinite, however a finite loss is scaled."""

    def backward(self, loss: Tensor, **settings: Any) -> None:
        """Compute gradients, and spoil them."""
        super().backward(loss, **settings)
        for group in self._optimizers[0].param_groups:
            for weight in group["params"]:
                weight.grad.fill_(torch.inf)


def compute_in_float16(scale: float = USUAL_SCALE, accelerator: type[Accelerator] = Float16Accelerator) -> None:
    """Have this process train in float16 if it is asked to, on whatever it computes."""
    import spert_hf.training.accelerator as module

    module.Accelerator = partial(accelerator, scale)
