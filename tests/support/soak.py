"""Many documents through one call after another, watching order, failures and memory."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from threading import Barrier
from typing import Any

import torch

from spert_hf.model.cpu_linear import count_padded_rows
from spert_hf.model.cpu_workers import count_workers, side_by_side
from spert_hf.model.modeling_spert import SpertModel
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


MOST_SUB_WORDS = 8192
"""Of a batch that workers compute side by side."""

MOST_SUB_WORDS_ALONE = 512
"""Of a batch that is computed by all threads, as it is too small to be shared out."""


def fill_kernel_caches(model: SpertModel) -> None:
    """Have oneDNN compile what it ever will for a model, in each thread that computes batches.

    It compiles kernels for each number of sub-words in a batch, and torch keeps them for each thread. Mixed documents
    bring new ones for thousands of batches, and what grows until then would look as if it were held for the documents.
    """
    _fill_kernel_cache(model, MOST_SUB_WORDS_ALONE)
    workers = count_workers()
    all_there = Barrier(workers)

    def fill(most: int) -> None:
        all_there.wait()  # or one worker could be given the turn of another
        _fill_kernel_cache(model, most)

    list(side_by_side(fill, [MOST_SUB_WORDS] * workers, workers))


@torch.inference_mode()
def _fill_kernel_cache(model: SpertModel, most: int) -> None:
    for sub_words in range(8, most + 1, 8):
        if count_padded_rows(sub_words) == sub_words:
            ids = torch.ones(sub_words // 8, 8, dtype=torch.long)
            model.encode(ids, torch.ones_like(ids))


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
