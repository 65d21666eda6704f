"""Checks whether a conclusion of the paper holds in the results of a table."""

from .summary import RowResults, TableResults
from .tables import Column


def judge_finding(results: TableResults) -> str | None:
    """Say whether the table's finding holds, with the figures that decide it.

    It holds if the lowest mean of the rows that should be ahead is above the highest mean of the others by more than
    the largest standard deviation of any row. It does not hold if it is below by more than that, and is open otherwise.

    Args:
        results: the results of the table.

    Returns:
        A sentence; `None` if the table has no finding, or a row that decides has fewer than two runs.
    """
    finding = results.table.finding
    if finding is None:
        return None
    rows = [row for row in results.rows if row.row.label not in finding.beside]
    if any(len(row.results) < 2 for row in rows):
        return None
    column = finding.column
    ahead = min((row for row in rows if row.row.label in finding.ahead), key=lambda row: _mean(row, column))
    behind = max((row for row in rows if row.row.label not in finding.ahead), key=lambda row: _mean(row, column))
    lead = _mean(ahead, column) - _mean(behind, column)
    deviation = max(_deviation(row, column) for row in rows)
    verdict = "this is open" if abs(lead) <= deviation else "this holds" if lead > 0 else "this does not hold"
    return (
        f"**{finding.text}** Here {verdict}: {column.label} {_mean(ahead, column):.2f} ({ahead.row.label}) against "
        f"{_mean(behind, column):.2f} ({behind.row.label}), with standard deviations of up to {deviation:.2f}."
    )


def _mean(row: RowResults, column: Column) -> float:
    summary = row.score(column)
    assert summary is not None  # every row has runs
    return summary.mean


def _deviation(row: RowResults, column: Column) -> float:
    summary = row.score(column)
    return (summary and summary.deviation) or 0.0
