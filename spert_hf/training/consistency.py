"""Consistency of two predictions under dropout: R-Drop (Wu et al., NeurIPS 2021), for spans and pairs.

Each batch is computed twice, with other units dropped out. Beside the paper's losses, the mean of both, the two
predictions are pulled together: by the symmetric Kullback-Leibler divergence between the distributions of each
candidate span over the entity types, and between those of each candidate pair over whether each relation type holds.
"""

from torch import Tensor
from torch.nn import functional

from ..model.modeling_spert import IGNORED_LABEL


def entity_divergence(one: Tensor, other: Tensor, labels: Tensor, num_spans: Tensor | int) -> Tensor:
    """Compute the divergence of two predictions for candidate spans.

    Args:
        one, other: entity logits, *(batch, spans, 1 + entity types)*.
        labels: *(batch, spans)*, -100 for padding.
        num_spans: the sum over the spans is divided by it.

    Returns:
        `½ (KL(p ‖ q) + KL(q ‖ p))` of the softmax of the logits, averaged over the spans, a scalar in float32.
    """
    one, other = (functional.log_softmax(logits.float(), dim=-1) for logits in (one, other))
    divergences = ((one.exp() - other.exp()) * (one - other)).sum(-1) / 2
    return divergences.where(labels != IGNORED_LABEL, 0).sum() / num_spans


def relation_divergence(one: Tensor, other: Tensor, labels: Tensor, num_pairs: Tensor | int) -> Tensor:
    """Compute the divergence of two predictions for candidate pairs.

    Args:
        one, other: relation logits, *(batch, pairs, relation types)*.
        labels: *(batch, pairs, relation types)*, -100 for padding.
        num_pairs: the sum over the pairs is divided by it.

    Returns:
        `½ (KL(p ‖ q) + KL(q ‖ p))` of the sigmoid of each logit, averaged over the pairs and the types, as the relation
        loss is; a scalar in float32.
    """
    one, other = one.float(), other.float()
    divergences = (one.sigmoid() - other.sigmoid()) * (one - other) / 2
    return divergences.mean(-1).where(labels[..., 0] != IGNORED_LABEL, 0).sum() / num_pairs
