"""What training minimizes: the paper's losses, and what settings add to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from ..model.output import SpertOutput
from .consistency import entity_divergence, relation_divergence
from .teachers import SoftTargets


@dataclass(frozen=True, slots=True)
class Objective:
    """Combines the losses of a batch.

    Args:
        consistency_weight: weight of the divergence of two outputs under dropout; 0: a batch is computed once.
        teacher_weight: weight of the teachers' predictions, if there are teachers; gold labels have the rest to 1.
    """

    consistency_weight: float
    teacher_weight: float

    @property
    def times(self) -> int:
        """How many times each batch is computed."""
        return 2 if self.consistency_weight else 1

    def losses(
        self,
        outputs: Sequence[SpertOutput],
        batch: Mapping[str, Tensor],
        targets: SoftTargets | None,
        num_spans: Tensor | int,
        num_pairs: Tensor | int,
    ) -> Tensor:
        """Compute a batch's parts of the entity and relation losses of the global batch.

        Args:
            outputs: outputs for the batch, with losses and logits.
            batch: the batch as the model took it.
            targets: the teachers' predictions, if there are teachers.
            num_spans, num_pairs: the number of candidates of the global batch.

        Returns:
            Both losses, *(2,)*; without relation types the second is 0.
        """
        logits, labels = [cast(Tensor, output.entity_logits) for output in outputs], batch["entity_labels"]
        entity_loss = self._combine(
            [cast(Tensor, output.entity_loss) for output in outputs],
            [targets.entity_loss(one, labels, num_spans) for one in logits] if targets else [],
            entity_divergence(logits[0], logits[1], labels, num_spans) if self.consistency_weight else None,
        )
        if outputs[0].relation_loss is None:
            return torch.stack((entity_loss, entity_loss * 0))
        logits, labels = [cast(Tensor, output.relation_logits) for output in outputs], batch["relation_labels"]
        relation_loss = self._combine(
            [cast(Tensor, output.relation_loss) for output in outputs],
            [targets.relation_loss(one, labels, num_pairs) for one in logits] if targets else [],
            relation_divergence(logits[0], logits[1], labels, num_pairs) if self.consistency_weight else None,
        )
        return torch.stack((entity_loss, relation_loss))

    def _combine(self, gold: Sequence[Tensor], taught: Sequence[Tensor], divergence: Tensor | None) -> Tensor:
        """Return the weighted sum of the mean losses of all outputs, and of the divergence of two, a scalar."""
        loss = torch.stack([*gold]).mean()
        if taught:
            loss = torch.lerp(loss, torch.stack([*taught]).mean(), self.teacher_weight)
        return loss if divergence is None else loss + self.consistency_weight * divergence
