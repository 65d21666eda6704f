"""Scores and errors of predicted entities and relations: the `evaluate` metric and reports for terminal and browser.

The names below are imported when they are first used: the metric needs `evaluate`, which takes seconds to import, and
scoring does not.
"""

from typing import TYPE_CHECKING

from ..lazy_names import lazy_names

if TYPE_CHECKING:
    from .error_analysis import ErrorAnalysis, analyse_errors
    from .error_plot import write_error_plot
    from .error_report import describe_errors, errors_to_markdown, write_error_markdown
    from .html_report import write_html_report
    from .report import format_table, to_json
    from .spert_metric.scoring import EvaluationResult, Score, TaskScores, score_documents
    from .spert_metric.spert_metric import SpertMetric

_MODULES = {
    "ErrorAnalysis": "error_analysis",
    "EvaluationResult": "spert_metric.scoring",
    "Score": "spert_metric.scoring",
    "SpertMetric": "spert_metric.spert_metric",
    "TaskScores": "spert_metric.scoring",
    "analyse_errors": "error_analysis",
    "describe_errors": "error_report",
    "errors_to_markdown": "error_report",
    "format_table": "report",
    "score_documents": "spert_metric.scoring",
    "to_json": "report",
    "write_error_markdown": "error_report",
    "write_error_plot": "error_plot",
    "write_html_report": "html_report",
}
"""The module of each name."""

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

__getattr__, __dir__ = lazy_names(__name__, _MODULES)
