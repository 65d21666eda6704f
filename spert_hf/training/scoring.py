"""Scoring of a run's model, which its processes share."""

from collections.abc import Sequence
from functools import partial

from accelerate import Accelerator
from transformers import PreTrainedTokenizerBase

from ..data.documents import Document
from ..evaluation import EvaluationResult
from ..evaluation.model_evaluation import Count, count_in_tokens
from ..evaluation.text_evaluation import count_as_text
from ..model.inference import predict_arrays
from ..model.modeling_spert import SpertModel
from ..model.pipeline_spert import SpertPipeline
from ..model.processing_spert import SpertProcessor
from .arguments import SpertTrainingArguments
from .interruption import StopRequest
from .shared_evaluation import count_by_all


class Scorer:
    """Scores models on documents, which are divided among the processes.

    Args:
        accelerator: the run's accelerator.
        tokenizer: the model's tokenizer.
        processor: the model's processor.
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
        """Score a model on the data's own tokens.

        Args:
            model: the model, which is put in evaluation mode.
            documents: the documents to score it on.
            stop_request: checked before each batch.

        Returns:
            The scores, or `None` if the run was asked to stop in the meantime.
        """
        model = model.eval()
        predict = partial(predict_arrays, model, self._processor)
        return self._count(model, documents, partial(count_in_tokens, predict, model.config), stop_request)

    def score_as_text(
        self, model: SpertModel, documents: Sequence[Document], stop_request: StopRequest
    ) -> EvaluationResult | None:
        """Score a model on documents as text, as users give it; see [`count_as_text`] and [`score`]."""
        pipe = SpertPipeline(model=model.eval(), tokenizer=self._tokenizer, device=model.device)
        return self._count(model, documents, partial(count_as_text, pipe), stop_request)

    def _count(
        self, model: SpertModel, documents: Sequence[Document], count: Count, stop_request: StopRequest
    ) -> EvaluationResult | None:
        how = (self._batch_size, self._no_overlapping, model.config.context_window)
        counts = count_by_all(self._accelerator, stop_request, model, documents, count, *how)
        return None if counts is None else counts.result(self._no_overlapping)
