"""Scores of a run's model, which all of its processes work out together."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from accelerate import Accelerator
from transformers import PreTrainedTokenizerBase

from ..data.documents import Document
from ..evaluation import EvaluationResult
from ..evaluation.model_evaluation import predict_documents, score_predictions
from ..evaluation.text_evaluation import predict_as_text, score_text_predictions
from ..model.modeling_spert import SpertModel
from ..model.pipeline_spert import SpertPipeline
from ..model.processing_spert import SpertProcessor
from .arguments import SpertTrainingArguments
from .interruption import StopRequest
from .shared_prediction import predict_by_all


class Scorer:
    """Scores models on documents, each of which one process predicts.

    Args:
        accelerator: of the run.
        tokenizer: of the run.
        processor: of that tokenizer.
        arguments: all settings.
    """

    def __init__(
        self,
        accelerator: Accelerator,
        tokenizer: PreTrainedTokenizerBase,
        processor: SpertProcessor,
        arguments: SpertTrainingArguments,
    ) -> None:
        self._accelerator = accelerator
        self._tokenizer = tokenizer
        self._processor = processor
        self._batch_size = arguments.per_device_eval_batch_size
        self._no_overlapping = arguments.no_overlapping

    def score(
        self, model: SpertModel, documents: Sequence[Document], stop_request: StopRequest
    ) -> EvaluationResult | None:
        """Score a model on the data's own tokens; `None` if the run was asked to stop meanwhile."""
        model = model.eval()
        predict = partial(predict_documents, model, self._processor)
        predictions = self._predict(model, documents, predict, stop_request)
        if predictions is None:
            return None
        return score_predictions(model, documents, predictions, self._no_overlapping)

    def score_as_text(
        self, model: SpertModel, documents: Sequence[Document], stop_request: StopRequest
    ) -> EvaluationResult | None:
        """Score a model on documents that it reads as its users' texts; see [`score_as_text`] and [`score`]."""
        pipe = SpertPipeline(model=model.eval(), tokenizer=self._tokenizer, device=model.device)
        predictions = self._predict(model, documents, partial(predict_as_text, pipe), stop_request)
        if predictions is None:
            return None
        return score_text_predictions(pipe, documents, predictions, self._no_overlapping)

    def _predict(
        self,
        model: SpertModel,
        documents: Sequence[Document],
        predict: Callable[[Sequence[Document], int], list[dict[str, Any]]],
        stop_request: StopRequest,
    ) -> list[dict[str, Any]] | None:
        return predict_by_all(self._accelerator, stop_request, model, documents, predict, self._batch_size)
