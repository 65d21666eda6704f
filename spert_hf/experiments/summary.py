"""Results of a table's runs by row, with means and standard deviations."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .runs import plan_runs, read_result
from .tables import Column, Row, Table


@dataclass(frozen=True)
class Summary:
    """Statistics of a figure over several runs.

    Args:
        mean: the mean.
        deviation: the sample standard deviation; `None` for fewer than two runs.
        count: the number of runs.
    """

    mean: float
    deviation: float | None
    count: int


@dataclass(frozen=True)
class RowResults:
    """The available results of a row.

    Args:
        row: the row.
        results: the results of its runs, in the order of the table's seeds.
        wanted: the number of planned runs.
    """

    row: Row
    results: list[dict[str, Any]]
    wanted: int

    def score(self, column: Column) -> Summary | None:
        """Return the statistics of a score over the runs; `None` without runs."""
        found = [result["scores"][column.task][column.average][column.figure] for result in self.results]
        return summarise(found) if found else None

    def analysis(self, name: str) -> list[list[dict[str, Any]]]:
        """Return the lines of an analysis, each with its values in all runs that have it."""
        found = [result["analyses"][name] for result in self.results if name in result["analyses"]]
        return [list(line) for line in zip(*found, strict=True)]


@dataclass(frozen=True)
class TableResults:
    """The available results of a table with one encoder."""

    table: Table
    encoder: str
    rows: list[RowResults]

    @property
    def has_runs(self) -> bool:
        """Whether there are any runs."""
        return any(row.results for row in self.rows)

    def first_analysis(self, name: str) -> list[list[dict[str, Any]]]:
        """Return the lines of an analysis for the first row that has it."""
        return next((lines for row in self.rows if (lines := row.analysis(name))), [])


def summarise(values: Sequence[float]) -> Summary:
    """Return mean and sample standard deviation of one or more figures."""
    deviation = statistics.stdev(values) if len(values) > 1 else None
    return Summary(statistics.fmean(values), deviation, len(values))


def gather_results(table: Table, encoder: str, results_dir: Path) -> TableResults:
    """Read the results of a table.

    Args:
        table: the table.
        encoder: the encoder of the runs.
        results_dir: the folder of results.

    Raises:
        ValueError: if a result has other settings; the message names it.
    """
    rows = []
    for row in table.rows:
        found = [read_result(run.result_file(results_dir), run) for run in plan_runs(table, row, encoder)]
        rows.append(RowResults(row, [result for result in found if result is not None], len(found)))
    return TableResults(table, encoder, rows)
