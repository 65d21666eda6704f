"""Optimizer and learning rate schedule."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn
from transformers import get_scheduler

from .arguments import SpertTrainingArguments


class AdamWNoBiasCorrection(torch.optim.Optimizer):
    """AdamW without bias correction, as BERT's authors and the published SpERT code ran it.

    Source: Devlin et al. 2019 (the running averages start at 0 and are used as they are, so the first steps are small),
    with decoupled weight decay (Loshchilov & Hutter 2019).

    Args:
        params: parameters or groups of them.
        lr: learning rate.
        betas: decay of the running averages of gradient and squared gradient.
        eps: added to the denominator.
        weight_decay: decoupled weight decay.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 5e-5,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Take one step."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            self._step_group(group)
        return loss

    def _step_group(self, group: dict[str, Any]) -> None:
        weights = [weight for weight in group["params"] if weight.grad is not None]
        if not weights:
            return
        for weight in weights:
            if not self.state[weight]:
                self.state[weight]["exp_avg"] = torch.zeros_like(weight)
                self.state[weight]["exp_avg_sq"] = torch.zeros_like(weight)
        gradients = [weight.grad for weight in weights]
        averages = [self.state[weight]["exp_avg"] for weight in weights]
        squares = [self.state[weight]["exp_avg_sq"] for weight in weights]
        beta1, beta2 = group["betas"]
        torch._foreach_lerp_(averages, gradients, 1 - beta1)
        torch._foreach_mul_(squares, beta2)
        torch._foreach_addcmul_(squares, gradients, gradients, value=1 - beta2)
        denominators = torch._foreach_sqrt(squares)
        torch._foreach_add_(denominators, group["eps"])
        torch._foreach_addcdiv_(weights, averages, denominators, value=-group["lr"])
        if group["weight_decay"]:
            torch._foreach_mul_(weights, 1 - group["lr"] * group["weight_decay"])


def make_optimizer(model: nn.Module, arguments: SpertTrainingArguments) -> torch.optim.Optimizer:
    """Make the optimizer: no weight decay on biases and LayerNorm weights, the classifiers with a rate of their own."""
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
    head_rate = arguments.head_learning_rate or arguments.learning_rate
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
    """Make the schedule: a linear rise, then as `lr_scheduler_type` says."""
    return get_scheduler(
        arguments.lr_scheduler_type,
        optimizer,
        num_warmup_steps=round(arguments.warmup_ratio * steps),
        num_training_steps=steps,
    )
