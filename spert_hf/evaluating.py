"""Scores of a model on annotated documents, in one call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from os import PathLike
from typing import Any, cast

from .data.in_memory import DocumentSource, check_source
from .data.loading import load_documents
from .data.schema import TypeSchema
from .evaluation.model_evaluation import Count, count_in_parts, count_in_tokens
from .evaluation.report import compare_with_text, format_table
from .evaluation.spert_metric.scoring import Counts, EvaluationResult
from .evaluation.text_evaluation import count_as_text
from .loading import load
from .model.configuration_spert import TASK, SpertConfig
from .model.decoding import to_prediction, to_records
from .model.hub import find_tokenizer
from .model.inference import DEFAULT_BATCH_SIZE
from .model.messages import kind_of, must_be
from .model.modeling_spert import SpertModel
from .model.pipeline_spert import SpertPipeline
from .model.predictions import PredictionArrays
from .model.setting_checks import check_choice, check_flag, check_integer, check_keywords
from .progress import Progress

READINGS = ("tokens", "text", "both")
"""What a model is scored on: the data's own tokens, the documents read as text, or both."""

_LARGEST_BATCH = 1_000_000


@dataclass(frozen=True, repr=False)
class ModelScores:
    """Scores of a model; shown as a table.

    Args:
        tokens: on the data's own tokens; `None` if they were not asked for.
        text: on the same documents read as text, as users give it; `None` if they were not asked for.
        predictions: what was found in the tokens of each document, in their order.
    """

    tokens: EvaluationResult | None
    text: EvaluationResult | None
    predictions: Sequence[dict[str, Any]] = field(default=(), compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the scores as nested plain dicts: `tokens` and `text`, as far as they were asked for."""
        both = {"tokens": self.tokens, "text": self.text}
        return {name: scores.to_dict() for name, scores in both.items() if scores is not None}

    def __repr__(self) -> str:
        if self.tokens is None:
            return "nothing was scored" if self.text is None else format_table(self.text, as_text=True)
        return format_table(self.tokens) + (f"\n{compare_with_text(self.tokens, self.text)}\n" if self.text else "")


def evaluate_model(
    model: SpertPipeline | SpertModel | str | PathLike[str],
    documents: DocumentSource,
    *,
    split: str | None = None,
    read_as: str = "both",
    batch_size: int = DEFAULT_BATCH_SIZE,
    no_overlapping: bool = False,
    progress: bool = False,
    **settings: Any,
) -> ModelScores:
    """Score a model on annotated documents: precision, recall and F1 of entities and relations.

    ```python
    from spert_hf import evaluate_model

    document = {
        "tokens": ["Ada", "Lund", "lives", "in", "Oslo", "."],
        "entities": [{"type": "Peop", "start": 0, "end": 2}, {"type": "Loc", "start": 4, "end": 5}],
        "relations": [{"type": "Live_In", "head": 0, "tail": 1}],
    }
    scores = evaluate_model("checkpoints/quickstart", [document])
    print(scores)
    print(scores.tokens.rel_plus.micro.f1, scores.to_dict()["text"]["ner"]["micro"]["f1"])
    ```

    Args:
        model: a checkpoint's folder or Hub id, a [`SpertModel`] (with the tokenizer it came with), or a pipeline.
        documents: whatever [`load_documents`] takes: a list, a `datasets.Dataset`, a file, a folder, a name.
        split: of a data set that has splits. Default: `"test"`.
        read_as: what is scored: the data's own `"tokens"`, the documents read as `"text"`, as users give it, or
            `"both"`, which takes twice as long.
        batch_size: documents computed at once.
        no_overlapping: leave overlapping entities out, in gold and predictions.
        progress: show on standard error how far it is.
        settings: as [`load`] takes them (`backend`, `relation_threshold`, …); for a model, those of the pipeline.

    Raises:
        ValueError: if a setting is not allowed, or the split has no documents.
        TypeError: on a setting that there is none of, or a model or documents of a wrong type.
        DocumentError: if documents are not valid, or have types that the model has not.
    """
    check_source("documents", documents)
    check_choice("read_as", read_as, READINGS)
    check_integer("batch_size", batch_size, 1, _LARGEST_BATCH)
    check_flag("no_overlapping", no_overlapping)
    pipe = _pipeline_of(model, settings)
    config = cast(SpertConfig, pipe.model.config)
    chosen = load_documents(documents, split or "test", types=types_of(config))
    how = (chosen, batch_size, no_overlapping, config.context_window)

    def score(count: Count) -> EvaluationResult:
        return _score(count_in_parts(count, *how), len(chosen), no_overlapping, progress)

    found: list[PredictionArrays] = []
    tokens = text = None
    if read_as != "text":
        tokens = score(partial(count_in_tokens, pipe.predict_arrays, config, keep=found.extend))
    if read_as != "tokens":
        text = score(partial(count_as_text, pipe))
    return ModelScores(tokens, text, _Records(found, config))


def types_of(config: SpertConfig) -> TypeSchema:
    """The types of a model, as data has them."""
    return TypeSchema.from_names(config.entity_types, config.relation_types, config.symmetric_relation_types)


def _pipeline_of(model: Any, settings: Mapping[str, Any]) -> SpertPipeline:
    """The pipeline that is given, or made of what is.

    Raises:
        TypeError: if it is none of what is allowed, or settings are given for a pipeline, which has its own.
    """
    if isinstance(model, SpertPipeline):
        check_keywords(settings, ("batch_size", "no_overlapping", "progress", "read_as", "split"), "evaluate_model")
        return model
    if isinstance(model, SpertModel):
        SpertPipeline.check_settings(settings)
        return SpertPipeline(
            model=model.eval(), tokenizer=find_tokenizer(model), task=TASK, device=model.device, **settings
        )
    if isinstance(model, (str, PathLike)):
        return load(model, **settings)
    raise TypeError(
        must_be(
            "model",
            "a checkpoint's folder or Hub id, a SpertModel, or a SpertPipeline",
            kind_of(model),
        )
    )


class _Records(Sequence[dict[str, Any]]):
    """What was found in each document, as records; made when it is asked for, as there may be very much of it."""

    def __init__(self, found: Sequence[PredictionArrays], config: SpertConfig) -> None:
        self._found = found
        self._config = config

    def __len__(self) -> int:
        return len(self._found)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return _Records(self._found[index], self._config)
        return to_records(to_prediction(self._found[index], self._config))


def _score(parts: Iterable[Counts], documents: int, no_overlapping: bool, show_progress: bool) -> EvaluationResult:
    """Score what is counted in parts of so many documents, and tell how far it is."""
    progress = Progress("evaluating", "documents", documents, active=show_progress)
    counted = []
    for part in parts:
        counted.append(part)
        progress.advance(part.documents)
    progress.close()
    return Counts.together(counted).result(no_overlapping)
