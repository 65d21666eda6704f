"""Dropout on a CPU in a fifth of the time: 16 random bits a number, of 64 that are drawn at once.

Torch draws for each number by itself, which takes a tenth of a step of training.
"""

from math import ceil

import torch
from torch import Tensor, nn

from .tracing import is_computed_plainly

STEPS = 2**16
"""Probabilities are rounded to a multiple of one in as many: 0.1 becomes 0.100006."""


class QuickDropout(nn.Dropout):
    """Torch's dropout; on a CPU, what is dropped is drawn by [`draw_kept`], from torch's generator as well.

    So a seed gives the same zeros again, but not those that it gives torch's own layer.
    """

    def forward(self, input: Tensor) -> Tensor:
        """As torch's layer: of any shape, and zeros in it."""
        if not self.training or not _is_for_us(input, self.p) or self.inplace:
            return super().forward(input)
        return input * draw_kept(input.numel(), self.p, input.dtype).view(input.shape)


def draw_kept(count: int, p: float, dtype: torch.dtype) -> Tensor:
    """Factors for dropout, *(count,)*: 0 with the probability `p`, else what keeps the mean.

    Args:
        count: how many.
        p: rounded to a multiple of 1 / [`STEPS`], and neither of 0 and 1 then.
        dtype: of the factors.
    """
    words = torch.empty(ceil(count / 4), dtype=torch.int64, device="cpu").random_(-(2**63), None)
    dropped = round(p * STEPS)
    kept = torch.empty(count, dtype=dtype, device="cpu")
    torch.ge(words.view(torch.int16)[:count], dropped - STEPS // 2, out=kept)
    return kept.mul_(STEPS / (STEPS - dropped))


def can_draw(p: float) -> bool:
    """Whether [`draw_kept`] can draw with a probability: not if it is all but 0 or 1."""
    return 0 < round(p * STEPS) < STEPS


def _is_for_us(input: Tensor, p: float) -> bool:
    """Whether an input is plain numbers on a CPU, and nothing records a model's operations."""
    return (
        input.device.type == "cpu"
        and type(input) is Tensor
        and input.is_floating_point()
        and can_draw(p)
        and is_computed_plainly()
    )
