"""Optimizer, parameter groups and schedule."""

from copy import deepcopy

import pytest
import torch
from accelerate import Accelerator

from spert_hf import SpertModel
from spert_hf.training.arguments import SpertTrainingArguments
from spert_hf.training.objective import Objective
from spert_hf.training.optimization import AdamWNoBiasCorrection, make_optimizer, make_schedule
from spert_hf.training.optimizer_step import OptimizerStep


def step_slowly(weight, gradients, lr, decay, betas=(0.9, 0.999), eps=1e-6):
    """AdamW without bias correction, one number at a time, from its definition."""
    average = square = torch.zeros_like(weight)
    for gradient in gradients:
        average = betas[0] * average + (1 - betas[0]) * gradient
        square = betas[1] * square + (1 - betas[1]) * gradient**2
        weight = weight * (1 - lr * decay) - lr * average / (square.sqrt() + eps)
    return weight


def test_there_is_no_bias_correction():
    torch.manual_seed(0)
    weight = torch.nn.Parameter(torch.randn(5))
    gradients = torch.randn(20, 5)
    expected = step_slowly(weight.detach().clone(), gradients, lr=1e-2, decay=0.1)
    optimizer = AdamWNoBiasCorrection([{"params": [weight], "weight_decay": 0.1}], lr=1e-2)
    for gradient in gradients:
        weight.grad = gradient.clone()
        optimizer.step()
    torch.testing.assert_close(weight.detach(), expected)


def test_its_state_survives_saving():
    weight = torch.nn.Parameter(torch.ones(3))
    optimizer = AdamWNoBiasCorrection([weight], lr=0.1)
    weight.grad = torch.ones(3)
    optimizer.step()
    copy = torch.nn.Parameter(weight.detach().clone())
    resumed = AdamWNoBiasCorrection([copy], lr=0.1)
    resumed.load_state_dict(deepcopy(optimizer.state_dict()))
    for parameter, one in ((weight, optimizer), (copy, resumed)):
        parameter.grad = torch.full((3,), 2.0)
        one.step()
    assert torch.equal(weight, copy)


@pytest.mark.parametrize("optim", ["adamw", "adamw_no_bias_correction"])
def test_no_decay_on_biases_and_layer_norms(tiny_checkpoint, optim):
    model = SpertModel.from_pretrained(tiny_checkpoint)
    arguments = SpertTrainingArguments(optim=optim, learning_rate=1e-5, head_learning_rate=1e-3, weight_decay=0.3)
    groups = make_optimizer(model, arguments).param_groups
    of = {id(weight): group for group in groups for weight in group["params"]}
    assert len(of) == len(list(model.parameters()))
    for name, weight in model.named_parameters():
        group = of[id(weight)]
        assert group["weight_decay"] == (0.0 if name.endswith("bias") or "LayerNorm" in name else 0.3), name
        assert group["lr"] == (1e-5 if name.startswith("encoder.") else 1e-3), name


def test_a_head_rate_of_zero_is_not_the_encoders(tiny_checkpoint):
    groups = make_optimizer(
        SpertModel.from_pretrained(tiny_checkpoint), SpertTrainingArguments(head_learning_rate=0)
    ).param_groups
    assert {group["lr"] for group in groups} == {0, 5e-5}


def test_frozen_weights_are_left_out(tiny_checkpoint):
    model = SpertModel.from_pretrained(tiny_checkpoint)
    model.encoder.get_input_embeddings().requires_grad_(False)
    groups = make_optimizer(model, SpertTrainingArguments()).param_groups
    assert sum(len(group["params"]) for group in groups) == len(list(model.parameters())) - 1


def test_the_rate_rises_over_a_tenth_and_falls_to_zero(tiny_checkpoint):
    model = SpertModel.from_pretrained(tiny_checkpoint)
    arguments = SpertTrainingArguments(learning_rate=1e-3)
    optimizer = make_optimizer(model, arguments)
    schedule = make_schedule(optimizer, arguments, 100)
    rates = []
    for _ in range(100):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    assert rates[0] == 0
    assert rates[10] == max(rates) == pytest.approx(1e-3)
    assert rates[99] == pytest.approx(1e-3 / 90)
    assert schedule.get_last_lr()[0] == 0


@pytest.mark.parametrize("limit", [0.0, 0.5, 5.0, 1e6])
def test_gradients_are_clipped_as_torch_does_it(limit):
    torch.manual_seed(0)
    ours, theirs = torch.nn.Linear(7, 5), torch.nn.Linear(7, 5)
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        mine.grad = torch.randn_like(mine)
        other.grad = mine.grad.clone()
    step = OptimizerStep(Accelerator(cpu=True), ours, None, None, None, 1, limit, Objective(0.0, 0.5))
    expected = torch.nn.utils.clip_grad_norm_(theirs.parameters(), limit or torch.inf)
    assert torch.equal(step._clip_gradients(), expected)
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(mine.grad, other.grad)
