"""Evaluation that the processes of a run share."""

from collections.abc import Sequence
from contextlib import suppress

from accelerate import Accelerator
from accelerate.utils import gather_object
from torch import nn

from ..data.documents import Document
from ..data.neighbours import in_whole_documents
from ..evaluation.model_evaluation import Count, count_in_parts
from ..evaluation.spert_metric.scoring import Counts
from .interruption import StopAskedError, StopRequest


def count_by_all(
    accelerator: Accelerator,
    stop_request: StopRequest,
    model: nn.Module,
    documents: Sequence[Document],
    count: Count,
    batch_size: int,
    no_overlapping: bool,
    context_window: int,
) -> Counts | None:
    """Count correct predictions for documents, which are divided among the processes.

    Args:
        accelerator: the run's accelerator.
        stop_request: checked before each batch.
        model: the model that `count` calls.
        documents: all documents, the same in all processes.
        count: counts correct predictions for some documents.
        batch_size: number of documents that a process computes at once.
        no_overlapping: whether to leave out overlapping entities; see [`score_documents`].
        context_window: the model's setting, with which a document is not divided.

    Returns:
        The counts for all documents, in all processes; `None` in all of them if one was asked to stop.
    """
    units = list(in_whole_documents(documents, 1, context_window))
    mine = [sentence for unit in units[accelerator.process_index :: accelerator.num_processes] for sentence in unit]
    counted: list[Counts] = []
    # Checked before each batch: a document may have many, and an untrained model predicts a lot in each.
    with suppress(StopAskedError), stop_request.heeded_by(model):
        counted.extend(count_in_parts(count, mine, batch_size, no_overlapping, context_window))
    everyones = Counts.together(gather_object(counted) if accelerator.num_processes > 1 else counted)
    # There are fewer if a process stopped early, which all of them see here.
    return everyones if everyones.documents == len(documents) else None
