"""Texts in groups of similar ones, by a library's clustering."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..model.words import import_extra


def check_clustering(strategy: str) -> None:
    """Refuse a strategy that needs a library which is not installed.

    Raises:
        ValueError: Saying what to install.
    """
    _import_clustering(strategy)


def _import_clustering(strategy: str) -> Any:
    return import_extra("sklearn.cluster", f"strategy {strategy!r}", "annotation", "scikit-learn")


def cluster(vectors: Sequence[Tensor], count: int, seed: int, strategy: str = "both") -> tuple[list[int], list[float]]:
    """Put texts into groups, by the direction of their vectors.

    Args:
        vectors: One a text, *(hidden,)*.
        count: Groups that are wanted, at most one a text.
        seed: Same vectors and seed, same groups.
        strategy: What needs the library, for a message.

    Returns:
        The group of each text, and how far it lies from the group's centre.

    Raises:
        ValueError: If the library is not installed.
    """
    library = _import_clustering(strategy)
    if not vectors:
        return [], []
    matrix = torch.nn.functional.normalize(torch.stack([*vectors]), dim=1).numpy()
    different = len(np.unique(matrix, axis=0))
    means = library.KMeans(min(count, different), random_state=seed, n_init=1).fit(matrix)
    distances = np.linalg.norm(matrix - means.cluster_centers_[means.labels_], axis=1)
    return means.labels_.tolist(), distances.tolist()
