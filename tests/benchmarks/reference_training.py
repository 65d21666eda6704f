"""The reference's training step: the published settings, over the same batches of candidates as the package's."""

import copy

import torch
from torch import Tensor

from spert_hf import SpertModel
from spert_hf.training.arguments import SpertTrainingArguments
from spert_hf.training.optimization import make_optimizer, make_schedule

from .reference import ReferenceSpert, reference_losses


class ReferenceTrainer:
    """Trains a copy of a model the reference's way.

    Args:
        model: what to start from; it is not changed.
        arguments: of the run.
        total_steps: over which the learning rate rises and falls.
    """

    def __init__(self, model: SpertModel, arguments: SpertTrainingArguments, total_steps: int) -> None:
        self.model = ReferenceSpert(copy.deepcopy(model)).train()
        self._max_grad_norm = arguments.max_grad_norm
        self._optimizer = make_optimizer(self.model, arguments)
        for group in self._optimizer.param_groups:
            # The same arithmetic weight by weight, as the published code's optimizer does it.
            group.update(fused=False, foreach=False)
        self._schedule = make_schedule(self._optimizer, arguments, total_steps)

    def step(self, batch: dict[str, Tensor]) -> float:
        """Take one step over a batch of [`BatchMaker`] and return its loss."""
        candidates = (batch[name] for name in ("input_ids", "attention_mask", "word_offsets", "spans", "pairs"))
        entity_logits, relation_logits = self.model(*candidates)
        losses = reference_losses(entity_logits, batch["entity_labels"], relation_logits, batch["relation_labels"])
        loss = torch.stack([loss for loss in losses if loss is not None]).sum()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self._max_grad_norm)
        self._optimizer.step()
        self._schedule.step()
        self._optimizer.zero_grad()
        return loss.item()
