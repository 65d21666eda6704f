"""Optimizer and learning rate schedule."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn
from transformers import get_scheduler

from .arguments import SpertTrainingArguments


class AdamWNoBiasCorrection(torch.optim.AdamW):
    """AdamW without bias correction, as BERT's authors and the published SpERT code ran it.

    The running averages start at 0 and are not corrected, so the first steps are small (Devlin et al. 2019). Bias
    correction divides them by `1 - beta ** step`, which is 1 if the count of steps starts high enough; so torch's fused
    AdamW can be used.

    Args:
        params: parameters or groups of them.
        lr: learning rate.
        eps: added to the denominator; the default is that of the published code.
    """

    _FAR_OUT = 1e9

    def __init__(self, params: Iterable[Any], lr: float = 5e-5, eps: float = 1e-6) -> None:
        super().__init__(params, lr=lr, eps=eps, fused=True)
        for group in self.param_groups:
            for weight in group["params"]:
                self.state[weight] = {
                    "step": torch.tensor(self._FAR_OUT, device=weight.device),
                    "exp_avg": torch.zeros_like(weight),
                    "exp_avg_sq": torch.zeros_like(weight),
                }


def make_optimizer(model: nn.Module, arguments: SpertTrainingArguments) -> torch.optim.Optimizer:
    """Make the optimizer, without weight decay for biases and LayerNorm, and with the classifiers' learning rate."""
    groups = _parameter_groups(model, arguments)
    if arguments.optim == "adamw_no_bias_correction":
        return AdamWNoBiasCorrection(groups, lr=arguments.learning_rate)
    return torch.optim.AdamW(groups, lr=arguments.learning_rate, fused=True)


def _parameter_groups(model: nn.Module, arguments: SpertTrainingArguments) -> list[dict[str, Any]]:
    undecayed = {
        f"{module_name}.{name}".lstrip(".")
        for module_name, module in model.named_modules()
        for name, _ in module.named_parameters(recurse=False)
        if name.endswith("bias") or "norm" in type(module).__name__.lower()
    }
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            groups.setdefault((name.startswith("encoder."), name in undecayed), []).append(weight)
    head_rate = arguments.learning_rate if arguments.head_learning_rate is None else arguments.head_learning_rate
    return [
        {
            "params": weights,
            "lr": arguments.learning_rate if in_encoder else head_rate,
            "weight_decay": 0.0 if without_decay else arguments.weight_decay,
        }
        for (in_encoder, without_decay), weights in groups.items()
    ]


def make_schedule(
    optimizer: torch.optim.Optimizer, arguments: SpertTrainingArguments, steps: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """Make the learning rate schedule: linear warmup, then what `lr_scheduler_type` says."""
    return get_scheduler(
        arguments.lr_scheduler_type,
        optimizer,
        num_warmup_steps=round(arguments.warmup_ratio * steps),
        num_training_steps=steps,
    )
