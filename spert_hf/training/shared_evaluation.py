"""Evaluation that the processes of a run share out among themselves."""

from collections.abc import Sequence
from contextlib import suppress

from accelerate import Accelerator
from accelerate.utils import gather_object
from torch import nn

from ..data.documents import Document
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
) -> Counts | None:
    """Count what is right in documents, each by one process.

    Args:
        accelerator: of the run.
        stop_request: is heeded before each batch.
        model: by which they are predicted.
        documents: the same in all processes.
        count: does so for some of them, at a batch size.
        batch_size: documents that a process computes at once.
        no_overlapping: leave overlapping entities out, see [`score_documents`].

    Returns:
        What is right in all documents, in all processes; `None` in all of them if one was asked to stop.
    """
    mine = documents[accelerator.process_index :: accelerator.num_processes]
    counted: list[Counts] = []
    # Before each batch, for a document may have many, and a model that knows nothing finds much in each.
    with suppress(StopAskedError), stop_request.heeded_by(model):
        counted.extend(count_in_parts(count, mine, batch_size, no_overlapping))
    everyones = Counts.together(gather_object(counted) if accelerator.num_processes > 1 else counted)
    # Fewer if a process broke off, which all of them see here.
    return everyones if everyones.documents == len(documents) else None
