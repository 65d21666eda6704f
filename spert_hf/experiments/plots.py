"""Plots of tables as SVG, the same for the same results."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..evaluation.svg_plots import SERIES_STYLES, check_matplotlib, to_svg
from ..hub.training_record import FIGURES
from .summary import Summary, TableResults, summarise
from .tables import Column

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PLOT_SIZE = (7.2, 3.8)
"""In inches."""
LINE_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7")
"""Okabe and Ito's colours for lines, which need more contrast to white than bars."""
LINE_MARKERS = "osD^vP"
_BAR_GROUP = 0.8
"""The share of a column's width that its bars take."""


def draw(results: TableResults) -> str:
    """Draw the results of a table: a curve over thresholds, lines over the rows' positions, or bars.

    Whiskers and bands are sample standard deviations.

    Returns:
        SVG, the same for the same results and version of Matplotlib.

    Raises:
        ImportError: Matplotlib is missing.
    """
    check_matplotlib()
    from matplotlib.figure import Figure

    figure = Figure(figsize=PLOT_SIZE, layout="constrained")
    axes = figure.add_subplot()
    if results.table.analysis == "thresholds":
        _draw_thresholds(axes, results)
    elif results.table.axis:
        _draw_lines(axes, results)
    else:
        _draw_bars(axes, results)
    axes.set_ylabel("%")
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize="small")
    return to_svg(figure)


def _draw_bars(axes: "Axes", results: TableResults) -> None:
    """Draw a group of bars for each column, with a bar for each row."""
    rows, columns = [row for row in results.rows if row.results], results.table.columns
    width = _BAR_GROUP / len(rows)
    for place, row in enumerate(rows):
        scores = [row.score(column) for column in columns]
        colour, hatch = SERIES_STYLES[place % len(SERIES_STYLES)]
        axes.bar(
            [group + (place - (len(rows) - 1) / 2) * width for group in range(len(columns))],
            [score.mean for score in scores if score],
            width,
            yerr=[_deviation(score) for score in scores if score],
            capsize=2,
            label=row.row.label,
            color=colour,
            hatch=hatch,
            edgecolor="black",
            linewidth=0.5,
            error_kw={"linewidth": 1},
        )
    axes.set_xticks(range(len(columns)), [_heading(column) for column in columns], fontsize="small")
    axes.set_ylim(bottom=0)


def _draw_lines(axes: "Axes", results: TableResults) -> None:
    """Draw a line for each column over the rows' positions."""
    rows = [row for row in results.rows if row.results and row.row.position is not None]
    positions = [float(row.row.position or 0) for row in rows]
    for place, column in enumerate(results.table.columns):
        scores = [score for row in rows if (score := row.score(column))]
        axes.errorbar(
            positions,
            [score.mean for score in scores],
            yerr=[_deviation(score) for score in scores],
            capsize=2,
            label=_heading(column),
            color=LINE_COLOURS[place],
            marker=LINE_MARKERS[place],
        )
    axes.set_xticks(positions)
    axes.set_xlabel(results.table.axis or "")


def _draw_thresholds(axes: "Axes", results: TableResults) -> None:
    """Draw precision, recall and F1 of REL+ over the threshold, for the first row with runs."""
    lines = results.first_analysis("thresholds")
    thresholds = [line[0]["threshold"] for line in lines]
    for place, (figure, name) in enumerate(FIGURES.items()):
        scores = [summarise([run[figure] for run in line]) for line in lines]
        _draw_band(axes, thresholds, scores, f"REL+ {name}", place)
    axes.set_xlabel("threshold of a relation")


def _draw_band(axes: "Axes", positions: Sequence[float], scores: Sequence[Summary], name: str, place: int) -> None:
    """Draw a line of means in a band of one standard deviation on either side."""
    means = [score.mean for score in scores]
    low = [score.mean - _deviation(score) for score in scores]
    high = [score.mean + _deviation(score) for score in scores]
    axes.fill_between(positions, low, high, color=LINE_COLOURS[place], alpha=0.2, linewidth=0)
    axes.plot(positions, means, label=name, color=LINE_COLOURS[place], marker=LINE_MARKERS[place], markersize=4)


def _heading(column: Column) -> str:
    """Return a column's label with its figure, which labels leave out for F1."""
    return column.label if column.figure != "f1" else f"{column.label} F1"


def _deviation(summary: Summary) -> float:
    return summary.deviation or 0.0
