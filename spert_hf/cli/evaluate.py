"""`spert-hf evaluate`: scores and errors of a model on annotated documents, as tables, JSON, HTML and plot."""

import argparse
import sys
from pathlib import Path
from typing import Any, cast

from rich.console import Console

from ..evaluating import evaluate_model
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
from ..evaluation.model_evaluation import analyse_predictions
from ..evaluation.svg_plots import check_plot_file
from .error_tables import print_errors
from .options import (
    check_output,
    load_documents,
    load_pipeline,
    reading_settings,
    selection_settings,
)

_SHOW_TOKENS = ("errors", "errors_markdown", "errors_plot", "html")
"""Options for errors in terms of tokens."""


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
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
    pipe = load_pipeline(options, reading | selection_settings(options))
    whole_file = options.split is None and Path(options.dataset).expanduser().is_file()
    splits = {"--split": options.split or "test"}
    (documents,) = load_documents(options, pipe.model.config, splits, whole_file=whole_file)
    how: dict[str, Any] = {"batch_size": options.batch_size, "no_overlapping": options.no_overlapping, "progress": True}
    scores = evaluate_model(pipe, documents, read_as="text" if options.as_text else "tokens", **how)
    if scores.tokens is None:
        _print(options, cast(EvaluationResult, scores.text))
        return 0
    predictions = scores.predictions
    errors = analyse_predictions(pipe.model, documents, predictions, options.no_overlapping)
    _print(options, scores.tokens, errors)
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


def _check_scores_only(options: argparse.Namespace) -> None:
    """Refuse options that show tokens, as raw text has no gold tokens.

    Raises:
        ValueError: there are such options; the message names them.
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
