"""Type constraints: the entity types that a relation type may join."""

import torch
from torch import Tensor

from .configuration_spert import SpertConfig


def forbidden_relations(config: SpertConfig, head_types: Tensor, tail_types: Tensor) -> Tensor | None:
    """Find the relation types that violate type constraints for pairs of entities.

    Args:
        config: the config with `relation_signatures`, which apply to symmetric types in both directions.
        head_types: entity types of the heads, from 1, *(pairs,)*.
        tail_types: entity types of the tails, likewise.

    Returns:
        `True` for forbidden relations, *(pairs, relation types)*, `bool`; `None` if there are no constraints.
    """
    if not config.relation_signatures:
        return None
    index = {name: number for number, name in enumerate(config.entity_types, start=1)}
    base = len(index) + 1
    codes = head_types * base + tail_types
    forbidden = torch.zeros(len(codes), len(config.relation_types), dtype=torch.bool, device=codes.device)
    symmetric = set(config.symmetric_relation_types)
    for column, name in enumerate(config.relation_types):
        if name not in config.relation_signatures:
            continue
        pairs = [(index[head], index[tail]) for head, tail in config.relation_signatures[name]]
        if name in symmetric:
            pairs += [(tail, head) for head, tail in pairs]
        allowed = torch.tensor([head * base + tail for head, tail in pairs], dtype=codes.dtype, device=codes.device)
        forbidden[:, column] = ~torch.isin(codes, allowed)
    return forbidden
