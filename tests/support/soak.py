"""Many documents through one call after another, watching order, failures and memory."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import torch
from torch import nn

from spert_hf.model.onednn_linear import OneDnnLinear
from tests.support import growth


@dataclass
class SoakReport:
    """What was seen.

    Args:
        documents: that gave a result.
        memory: by name of a measure, what it gave after each round.
    """

    documents: int = 0
    memory: dict[str, list[int]] = field(default_factory=dict)

    def growth_a_document(self, measure: str, warm_up: float = 0.3) -> float:
        """What a measure grows by with each document, by least squares over the rounds after the warm-up."""
        values = self.memory[measure]
        return growth.slope(values[int(len(values) * warm_up) :]) * len(values) / self.documents


KEPT_KERNELS = 1024
"""oneDNN, with which GELU and linear layers are computed on a processor, keeps so many compiled kernels (its default).
"""

MOST_SUB_WORDS = 8192
"""Of a batch, padding included."""


@torch.inference_mode()
def fill_kernel_cache(model: nn.Module) -> None:
    """Have oneDNN keep as many kernels as it ever will, those for the model's linear layers among them.

    It compiles one for each shape of a batch. Mixed documents bring new shapes for thousands of batches, and what
    grows until then would look as if it were held for the documents.
    """
    for length in range(1, KEPT_KERNELS + 1):
        torch.nn.functional.gelu(torch.zeros(1, length, 3))
    layers = {layer.weight.shape: layer for layer in model.modules() if isinstance(layer, OneDnnLinear)}
    for layer in layers.values():
        for sub_words in range(8, MOST_SUB_WORDS + 1, 8):
            layer(torch.zeros(sub_words, layer.in_features))


def soak(
    call: Callable[[list[Any]], list[Any]],
    documents: Iterable[Any],
    check: Callable[[Any, Any], None],
    round_size: int,
    measures: Mapping[str, Callable[[], int]],
) -> SoakReport:
    """Send documents round by round.

    Args:
        call: gives one result a document, in order.
        documents: to send.
        check: raises if a result is not one of its document.
        round_size: documents in a call.
        measures: by name, functions that tell what is held now.
    """
    report = SoakReport(memory={name: [] for name in measures})
    remaining = iter(documents)
    while part := list(islice(remaining, round_size)):
        report.documents += len(part)
        _check_round(part, call, check)
        del part
        for name, measure in measures.items():
            report.memory[name].append(measure())
    return report


def _check_round(part: list[Any], call: Callable[[list[Any]], list[Any]], check: Callable[[Any, Any], None]) -> None:
    """Send a round; in a function of its own, so that none of its results live on when memory is measured."""
    for document, result in zip(part, call(part), strict=True):
        check(document, result)
