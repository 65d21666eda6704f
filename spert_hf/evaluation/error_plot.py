"""A plot of the kinds of errors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .error_analysis import ErrorAnalysis, KindCount
from .report import TASK_NAMES
from .svg_plots import SERIES_STYLES, check_plot_file, plain_label, write_svg
from .visible_text import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH = 9.0
_BAR_HEIGHT = 0.36
_PANEL_MARGIN = 0.75
_ROOM_FOR_FIGURES = 1.3


def write_error_plot(path: str | Path, analysis: ErrorAnalysis) -> Path:
    """Write an SVG with bars of the kinds of errors, stacked by type, in one panel per task.

    A confusion of types is counted for the gold type. The same analysis gives the same file.

    Args:
        path: the file, whose name ends in `.svg`.
        analysis: the errors.

    Returns:
        The file's path.

    Raises:
        ValueError: if `path` does not end in `.svg`.
        ImportError: if matplotlib is not installed.
    """
    check_plot_file(path)
    from matplotlib.figure import Figure

    counts = {task: analysis.counts(task) for task in analysis.errors}
    bars = [len(kinds) for kinds in counts.values()]
    figure = Figure(figsize=(_WIDTH, sum(bars) * _BAR_HEIGHT + len(bars) * _PANEL_MARGIN), layout="constrained")
    panels = figure.subplots(len(bars), 1, height_ratios=bars, squeeze=False)[:, 0]
    for axes, (task, kinds) in zip(panels, counts.items(), strict=True):
        axes.set_title(f"{TASK_NAMES[task]}: errors by type", loc="left", fontweight="bold")
        _draw_bars(axes, kinds)
        _label_bars(axes, kinds)
    return write_svg(path, figure)


def _draw_bars(axes: Axes, kinds: Sequence[KindCount]) -> None:
    by_type = [_by_type(kind) for kind in kinds]
    ends = [0] * len(kinds)
    for index, name in enumerate(sorted(set().union(*by_type))):
        colour, hatch = SERIES_STYLES[index % len(SERIES_STYLES)]
        lengths = [numbers[name] for numbers in by_type]
        axes.barh(
            range(len(kinds)),
            lengths,
            left=ends,
            label=plain_label(visible(name)),
            color=colour,
            hatch=hatch,
            edgecolor="black",
            linewidth=0.6,
        )
        ends = [end + length for end, length in zip(ends, lengths, strict=True)]
    if any(ends):
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)


def _label_bars(axes: Axes, kinds: Sequence[KindCount]) -> None:
    """Write the number and the share of errors at the end of each bar."""
    from matplotlib.ticker import MaxNLocator

    for position, kind in enumerate(kinds):
        text = f"{kind.count} ({kind.share:.0f} %)"
        axes.annotate(text, (kind.count, position), (4, 0), textcoords="offset points", va="center")
    axes.set_yticks(range(len(kinds)), [kind.kind.value for kind in kinds])
    axes.invert_yaxis()
    axes.set_xlim(0, _ROOM_FOR_FIGURES * max(1, *(kind.count for kind in kinds)))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.spines[["top", "right"]].set_visible(False)


def _by_type(kind: KindCount) -> Counter[str]:
    """Return the numbers of errors by gold type or, for errors without a gold item, by predicted type."""
    numbers: Counter[str] = Counter()
    for (gold, predicted), number in kind.by_types.items():
        name = predicted if gold is None else gold
        if name is not None:
            numbers[name] += number
    return numbers
