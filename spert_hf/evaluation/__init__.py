"""Scores of predicted entities and relations: the `evaluate` metric and reports for the terminal and the browser.

`SpertMetric` is imported on first use: `evaluate` takes seconds to import, and scoring does not need it.
"""

from typing import TYPE_CHECKING, Any

from .html_report import write_html_report
from .report import format_table, to_json
from .spert_metric.scoring import EvaluationResult, Score, TaskScores, score_documents

if TYPE_CHECKING:
    from .spert_metric.spert_metric import SpertMetric

__all__ = [
    "EvaluationResult",
    "Score",
    "SpertMetric",
    "TaskScores",
    "format_table",
    "score_documents",
    "to_json",
    "write_html_report",
]


def __getattr__(name: str) -> Any:
    if name == "SpertMetric":
        from .spert_metric.spert_metric import SpertMetric

        return SpertMetric
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
