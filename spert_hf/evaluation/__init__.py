"""Scores and errors of predicted entities and relations: the `evaluate` metric and reports for terminal and browser.

`SpertMetric` is imported on first use: `evaluate` takes seconds to import, and scoring does not need it.
"""

from typing import TYPE_CHECKING, Any

from .error_analysis import ErrorAnalysis, analyse_errors
from .error_plot import write_error_plot
from .error_report import describe_errors, errors_to_markdown, write_error_markdown
from .html_report import write_html_report
from .report import format_table, to_json
from .spert_metric.scoring import EvaluationResult, Score, TaskScores, score_documents

if TYPE_CHECKING:
    from .spert_metric.spert_metric import SpertMetric

__all__ = [
    "ErrorAnalysis",
    "EvaluationResult",
    "Score",
    "SpertMetric",
    "TaskScores",
    "analyse_errors",
    "describe_errors",
    "errors_to_markdown",
    "format_table",
    "score_documents",
    "to_json",
    "write_error_markdown",
    "write_error_plot",
    "write_html_report",
]


def __getattr__(name: str) -> Any:
    if name == "SpertMetric":
        from .spert_metric.spert_metric import SpertMetric

        return SpertMetric
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
