"""Predictions that the processes of a run share out among themselves."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from operator import itemgetter
from typing import Any

from accelerate import Accelerator
from accelerate.utils import gather_object
from torch import nn

from ..data.documents import Document
from .interruption import StopAskedError, StopRequest

EVAL_BATCHES = 8
"""Batches that are predicted together; sentences are sorted by length among them."""


def predict_by_all(
    accelerator: Accelerator,
    stop_request: StopRequest,
    model: nn.Module,
    documents: Sequence[Document],
    predict: Callable[[Sequence[Document], int], list[dict[str, Any]]],
    batch_size: int,
) -> list[dict[str, Any]] | None:
    """Predict documents, each by one process.

    Args:
        accelerator: of the run.
        stop_request: is heeded before each batch.
        model: by which they are predicted.
        documents: the same in all processes.
        predict: gives the predictions of some of them, at a batch size.
        batch_size: documents that a process computes at once.

    Returns:
        One prediction a document, in all processes; `None` in all of them if one was asked to stop.
    """
    mine = range(accelerator.process_index, len(documents), accelerator.num_processes)
    numbered: list[tuple[int, dict[str, Any]]] = []
    # Before each batch, for a document may have many, and a model that knows nothing finds much in each.
    with suppress(StopAskedError), stop_request.heeded_by(model):
        for first in range(0, len(mine), batch_size * EVAL_BATCHES):
            part = mine[first : first + batch_size * EVAL_BATCHES]
            numbered += zip(part, predict([documents[index] for index in part], batch_size), strict=True)
    everyones = sorted(gather_object(numbered) if accelerator.num_processes > 1 else numbered, key=itemgetter(0))
    if len(everyones) < len(documents):  # a process broke off, which all of them see here
        return None
    return [prediction for _, prediction in everyones]
