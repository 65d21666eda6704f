"""One optimizer step over a global batch, which may be spread over processes and accumulated batches."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any, cast

import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from torch import Tensor, nn
from torch.nn.utils import get_total_norm

from ..model.cpu_scheduling import batches_by_length
from ..model.modeling_spert import SpertModel
from .batches import BatchMaker, candidate_counts, split_batch
from .embedding_rows import EmbeddingRows
from .objective import Objective
from .teachers import SoftTargets, Teachers

CLIPPING_EPSILON = 1e-6
"""The number that torch adds to a norm before it divides the limit by the norm."""


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """The outcome of a step, which is the same on all processes.

    Args:
        losses: `entity_loss`, the mean over the candidate spans of the global batch; `relation_loss`, the mean over its
            candidate pairs and the relation types; and `loss`, their sum. What the objective adds is part of them.
        stop_asked: whether any process was asked to stop.
        suspects: the examples in batches whose loss or gradient was not finite, if the step was skipped for that; empty
            if it was taken.
    """

    losses: dict[str, float]
    stop_asked: bool
    suspects: Sequence[int]


class OptimizerStep:
    """Takes optimizer steps.

    Args:
        accelerator: the run's accelerator.
        model: the model, prepared by the accelerator.
        optimizer: its optimizer, prepared by the accelerator.
        schedule: its learning rate schedule, which counts steps of the global batch and so is not prepared.
        batches: makes batches of examples.
        batch_size: the most examples that a process computes at once.
        max_grad_norm: the norm that gradients are clipped to; 0 for no clipping.
        objective: combines the losses of a batch.
        embedding_rows: the rows of the model's word embeddings, if they are trained by rows.
        teachers: trained models that the model learns from, if any.
    """

    def __init__(
        self,
        accelerator: Accelerator,
        model: nn.Module,
        optimizer: Any,
        schedule: Any,
        batches: BatchMaker,
        batch_size: int,
        max_grad_norm: float,
        objective: Objective,
        embedding_rows: EmbeddingRows | None = None,
        teachers: Teachers | None = None,
    ) -> None:
        self._accelerator = accelerator
        self._model = model
        self._weights = list(model.parameters())  # listed once, since it takes a while
        self._optimizer = optimizer
        self._schedule = schedule
        self._make_batch = batches
        self._batch_size = batch_size
        self._max_grad_norm = max_grad_norm
        self._embedding_rows = embedding_rows
        self._objective = objective
        self._teachers = teachers

    def __call__(self, indices: Sequence[int], epoch: int, stop_asked: bool) -> StepOutcome:
        """Take one step, or skip it if loss or gradient is not finite.

        Each batch's losses are weighted by its share of the global batch's candidates, so that the step equals that of
        one large batch on one process.

        Args:
            indices: indices of the examples of the global batch.
            epoch: index of the epoch, which decides the negatives.
            stop_asked: whether this process was asked to stop.
        """
        rank, processes = self._accelerator.process_index, self._accelerator.num_processes
        parts = split_batch(indices, self._batch_size, processes)[rank::processes]
        if self._accelerator.device.type == "cpu":
            parts = [part for whole in parts for part in self._divide(whole)]
        batches = [self._make_batch(part, epoch) for part in parts]
        with self._embedding_rows.by_rows() if self._embedding_rows else nullcontext():
            losses = self._backward(batches, parts, epoch)
        # Gradients are the same on all processes, while losses are parts of a sum.
        norm = self._clip_gradients()
        own = torch.cat((losses.sum(0), losses.new_tensor([stop_asked])))
        entity_loss, relation_loss, asked, norm = torch.cat(
            (self._accelerator.reduce(own, "sum"), norm.view(1).to(own))
        ).tolist()  # the only point where a step waits for the device
        loss = entity_loss + relation_loss
        finite = isfinite(loss) and (isfinite(norm) or self._looks_for_scale())
        suspects = [] if finite else self._suspects(parts, losses)
        self._move_weights(counts=isfinite(norm)) if finite else self._leave_weights()
        losses_by_name = {"loss": loss, "entity_loss": entity_loss, "relation_loss": relation_loss}
        return StepOutcome(losses_by_name, asked > 0, suspects)

    def _divide(self, batch: Sequence[int]) -> list[list[int]]:
        """Divide a batch into parts of similar length that a CPU computes fastest."""
        model = cast(SpertModel, self._accelerator.unwrap_model(self._model))
        padding_cost = model.runtime.padding_cost(model.encoder)
        return batches_by_length(batch, self._make_batch.lengths, len(batch), padding_cost)

    def _backward(self, batches: Sequence[dict[str, Tensor]], parts: Sequence[Sequence[int]], epoch: int) -> Tensor:
        """Accumulate the gradients of this process's batches, and return their entity and relation losses.

        Args:
            batches: batches as the model takes them.
            parts: the examples of each.
            epoch: index of the epoch.

        Returns:
            The losses, *(number of batches, 2)*.
        """
        processes = self._accelerator.num_processes
        counts = torch.tensor([candidate_counts(batch) for batch in batches], dtype=torch.float32)
        counts = counts.to(self._accelerator.device)
        num_spans, num_pairs = self._accelerator.reduce(counts.sum(0), "sum").clamp(min=1)
        losses = []
        for number, (batch, part) in enumerate(zip(batches, parts, strict=True), start=1):
            targets = self._teachers(part, epoch) if self._teachers else None
            with nullcontext() if number == len(batches) else self._accelerator.no_sync(self._model):
                loss = self._losses(batch, targets, num_spans, num_pairs)
                # Gradients are averaged over the processes, while losses are parts of a sum.
                self._accelerator.backward(loss.sum() * processes)
            losses.append(loss.detach())
        return torch.stack(losses)

    def _losses(
        self, batch: dict[str, Tensor], targets: SoftTargets | None, num_spans: Tensor, num_pairs: Tensor
    ) -> Tensor:
        """Return a batch's parts of the global batch's entity and relation losses, *(2,)*."""
        inputs = {name: tensor.to(self._accelerator.device) for name, tensor in batch.items()}
        counts = {"num_spans": num_spans, "num_pairs": num_pairs}
        outputs = [self._model(**inputs, **counts) for _ in range(self._objective.times)]
        return self._objective.losses(outputs, inputs, targets, **counts)

    def _clip_gradients(self) -> Tensor:
        """Clip the gradients to `max_grad_norm`, if it is set, and return the norm before that, a scalar."""
        if self._accelerator.device.type != "cpu" or self._accelerator.scaler is not None:
            return cast(Tensor, self._accelerator.clip_grad_norm_(self._weights, self._max_grad_norm or inf))
        whole_or_rows = (weight.grad for weight in self._weights if weight.grad is not None)
        gradients = [gradient.values() if gradient.is_sparse else gradient for gradient in whole_or_rows]
        norm = get_total_norm(gradients)
        # Below the limit, torch would multiply all gradients by 1.
        if self._max_grad_norm and norm + CLIPPING_EPSILON > self._max_grad_norm:
            torch._foreach_mul_(gradients, self._max_grad_norm / (norm + CLIPPING_EPSILON))
        return norm

    def _looks_for_scale(self) -> bool:
        """Return whether gradients may overflow because losses are scaled for float16, where the scaler skips steps."""
        scaler = self._accelerator.scaler
        return scaler is not None and scaler.get_scale() > 1

    def _suspects(self, parts: Sequence[Sequence[int]], losses: Tensor) -> list[int]:
        """Return the examples of batches whose loss is not finite, or of all batches if only the gradient is not."""
        finite = losses.sum(1).isfinite().tolist()
        flagged = [(index, fine) for part, fine in zip(parts, finite, strict=True) for index in part]
        if self._accelerator.num_processes > 1:
            flagged = gather_object(flagged)
        return sorted(index for index, fine in flagged if not fine) or sorted(index for index, _ in flagged)

    def _move_weights(self, counts: bool) -> None:
        """Step the optimizer, and the schedule if the step `counts`, which one skipped by the scaler does not.

        Accelerate can't tell for a fused optimizer, which is called in any case and then does nothing.
        """
        with self._embedding_rows.exchanged() if self._embedding_rows else nullcontext():
            self._optimizer.step()
        if counts:
            self._schedule.step()
        self._clear_gradients()

    def _leave_weights(self) -> None:
        self._clear_gradients()
        if self._accelerator.scaler is not None:
            self._accelerator.scaler.update()  # otherwise it remembers that it unscaled these gradients

    def _clear_gradients(self) -> None:
        self._optimizer.zero_grad()
        if self._embedding_rows:
            self._embedding_rows.clear()
