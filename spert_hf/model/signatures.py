"""Type constraints: the entity types that a relation type may join."""

import numpy as np

from .settings import PredictionSettings


def forbidden_relations(
    config: PredictionSettings, head_types: np.ndarray, tail_types: np.ndarray
) -> np.ndarray | None:
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
    forbidden = np.zeros((len(codes), len(config.relation_types)), dtype=bool)
    symmetric = set(config.symmetric_relation_types)
    for column, name in enumerate(config.relation_types):
        if name not in config.relation_signatures:
            continue
        pairs = [(index[head], index[tail]) for head, tail in config.relation_signatures[name]]
        if name in symmetric:
            pairs += [(tail, head) for head, tail in pairs]
        forbidden[:, column] = np.isin(codes, [head * base + tail for head, tail in pairs], invert=True)
    return forbidden
