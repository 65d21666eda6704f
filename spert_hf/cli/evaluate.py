"""`spert-hf evaluate`: scores and errors of a model on annotated documents, as tables, JSON, page and plot."""

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from ..data.documents import Document
from ..evaluation import (
    ErrorAnalysis,
    EvaluationResult,
    describe_errors,
    format_table,
    to_json,
    write_error_markdown,
    write_error_plot,
    write_html_report,
)
from ..evaluation.model_evaluation import analyse_predictions, predict_documents, score_predictions
from ..evaluation.svg_plots import check_plot_file
from ..evaluation.text_evaluation import predict_as_text, score_text_predictions
from ..progress import Progress
from .console import print_errors
from .options import (
    check_output,
    load_documents,
    load_pipeline,
    reading_settings,
    selection_settings,
)

EVAL_BATCHES = 8
"""Batches of documents that are sorted by length among themselves."""

_SHOW_TOKENS = ("errors", "errors_markdown", "errors_plot", "html")
"""Options that say what is wrong in which tokens."""


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    reading = reading_settings(options)
    if options.as_text:
        _check_scores_only(options)
    elif reading:
        given = "--word-pattern" if options.word_pattern is not None else f"--{next(iter(reading))}"
        raise ValueError(f"{given} needs --as-text: tokens are not split into words")
    for name in ("html", "errors_markdown", "errors_plot"):
        check_output(f"--{name.replace('_', '-')}", getattr(options, name))
    if options.errors_plot:
        check_plot_file(options.errors_plot)
    wanted = selection_settings(options)
    pipe = load_pipeline(options, reading | wanted)
    whole_file = options.split is None and Path(options.dataset).expanduser().is_file()
    splits = {"--split": options.split or "test"}
    (documents,) = load_documents(options, pipe.model.config, splits, whole_file=whole_file)
    if options.as_text:
        found = _predict(partial(predict_as_text, pipe), documents, options.batch_size)
        _print(options, score_text_predictions(pipe, documents, found, options.no_overlapping))
        return 0
    predict = partial(
        predict_documents,
        pipe.model,
        pipe.spert_processor,
        relation_threshold=wanted.get("relation_threshold"),
        entity_threshold=wanted.get("entity_threshold", 0.0),
    )
    predictions = _predict(predict, documents, options.batch_size)
    errors = analyse_predictions(pipe.model, documents, predictions, options.no_overlapping)
    _print(options, score_predictions(pipe.model, documents, predictions, options.no_overlapping), errors)
    if options.errors_markdown:
        _say_written("Errors", write_error_markdown(options.errors_markdown, errors))
    if options.errors_plot:
        _say_written("Plot", write_error_plot(options.errors_plot, errors))
    if options.html:
        page = write_html_report(
            options.html,
            [document.to_record() for document in documents],
            predictions,
            no_overlapping=options.no_overlapping,
            symmetric_relation_types=pipe.model.config.symmetric_relation_types,
        )
        _say_written("Report", page)
    return 0


def _predict(
    predict: Callable[[Sequence[Document], int], list[dict[str, Any]]], documents: Sequence[Document], batch_size: int
) -> list[dict[str, Any]]:
    """Predict documents, some batches at a time as training does, and tell how far it is."""
    progress = Progress("evaluating", "documents", len(documents))
    predictions = []
    for first in range(0, len(documents), batch_size * EVAL_BATCHES):
        part = documents[first : first + batch_size * EVAL_BATCHES]
        predictions += predict(part, batch_size)
        progress.advance(len(part))
    progress.close()
    return predictions


def _check_scores_only(options: argparse.Namespace) -> None:
    """Refuse what shows tokens, as a text has none that are gold.

    Raises:
        ValueError: naming the options.
    """
    given = [f"--{name.replace('_', '-')}" for name in _SHOW_TOKENS if getattr(options, name)]
    if given:
        raise ValueError(f"--as-text excludes {', '.join(given)}: errors are shown in the data's tokens")


def _print(options: argparse.Namespace, result: EvaluationResult, errors: ErrorAnalysis | None = None) -> None:
    if options.json:
        described = describe_errors(errors) if errors and options.errors else None
        sys.stdout.write(to_json(result, described, as_text=options.as_text))
        return
    sys.stdout.write(format_table(result, as_text=options.as_text))
    if errors and options.errors:
        print_errors(Console(soft_wrap=True), errors)


def _say_written(what: str, path: Path) -> None:
    sys.stderr.write(f"{what} written to {path}\n")
