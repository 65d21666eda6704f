"""Results of a table's runs, gathered by row, and their means and standard deviations."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .runs import plan_runs, read_result
from .tables import Column, Row, Table


@dataclass(frozen=True)
class Summary:
    """A figure over several runs.

    Args:
        mean: their mean.
        deviation: their sample standard deviation; `None` for fewer than two runs.
        count: how many.
    """

    mean: float
    deviation: float | None
    count: int


@dataclass(frozen=True)
class RowResults:
    """The results that there are of a row.

    Args:
        row: the row.
        results: of its runs, in the order of the table's seeds.
        wanted: how many runs the row is to have.
    """

    row: Row
    results: list[dict[str, Any]]
    wanted: int

    def score(self, column: Column) -> Summary | None:
        """A score over the runs; `None` without any."""
        found = [result["scores"][column.task][column.average][column.figure] for result in self.results]
        return summarise(found) if found else None

    def analysis(self, name: str) -> list[list[dict[str, Any]]]:
        """The lines of an analysis, each as it is in the runs that have it."""
        found = [result["analyses"][name] for result in self.results if name in result["analyses"]]
        return [list(line) for line in zip(*found, strict=True)]


@dataclass(frozen=True)
class TableResults:
    """The results that there are of a table, with one encoder."""

    table: Table
    encoder: str
    rows: list[RowResults]

    @property
    def has_runs(self) -> bool:
        """Whether there is any."""
        return any(row.results for row in self.rows)

    def first_analysis(self, name: str) -> list[list[dict[str, Any]]]:
        """The lines of an analysis of the first row that has any."""
        return next((lines for row in self.rows if (lines := row.analysis(name))), [])


def summarise(values: Sequence[float]) -> Summary:
    """Mean and sample standard deviation of one or more figures."""
    deviation = statistics.stdev(values) if len(values) > 1 else None
    return Summary(statistics.fmean(values), deviation, len(values))


def gather_results(table: Table, encoder: str, results_dir: Path) -> TableResults:
    """Read the results of a table.

    Raises:
        ValueError: naming a result that is of other settings.
    """
    rows = []
    for row in table.rows:
        found = [read_result(run.result_file(results_dir), run) for run in plan_runs(table, row, encoder)]
        rows.append(RowResults(row, [result for result in found if result is not None], len(found)))
    return TableResults(table, encoder, rows)
