"""The reliability diagram: the share of right predictions against their score, before and after calibration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .reliability import Reliability
from .svg_plots import SERIES_STYLES, check_plot_file, write_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PANELS = {"entities": "Entities", "relations": "Relations"}
"""The panels: names of [`reliabilities`], and their labels."""

_STYLES = {
    when: {"color": colour, "marker": marker}
    for when, (colour, _), marker in zip(("before", "after"), SERIES_STYLES, "os", strict=False)
}


def write_reliability_diagram(
    path: str | Path, before: Mapping[str, Reliability], after: Mapping[str, Reliability], title: str
) -> Path:
    """Write an SVG with a panel for entities and one for relations; the same figures give the same file.

    Args:
        path: the file, whose name ends in `.svg`.
        before: what [`reliabilities`] returned before calibration.
        after: what it returned after calibration.
        title: the title above both panels.

    Returns:
        The file's path.

    Raises:
        ValueError: if `path` does not end in `.svg`.
        ImportError: if matplotlib is not installed.
        OSError: if the file can't be written.
    """
    check_plot_file(path)
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5.5), layout="constrained")
    figure.suptitle(title)
    axes = figure.subplots(2, len(PANELS), sharex=True, squeeze=False, height_ratios=(3, 1))
    for column, (name, label) in enumerate(PANELS.items()):
        measured = {"before": before[name], "after": after[name]}
        _draw_curves(axes[0][column], label, measured)
        _draw_counts(axes[1][column], measured)
    return write_svg(path, figure)


def _draw_curves(axes: Axes, label: str, measured: Mapping[str, Reliability]) -> None:
    """Draw the share of right items over the mean score of each bin, with the diagonal on which both are equal."""
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":", linewidth=1)
    for name, part in measured.items():
        filled = [(one.mean_score, one.share_right) for one in part.bins if one.count]
        error = part.expected_calibration_error
        shown = "nothing found" if error is None else f"ECE {error:.1f} %"
        style: dict[str, Any] = _STYLES[name]
        axes.plot(*zip(*filled, strict=True) if filled else ([], []), label=f"{name}: {shown}", markersize=5, **style)
    axes.set(title=f"{label}: {measured['before'].count} found", ylabel="share that is right", xlim=(0, 1), ylim=(0, 1))
    axes.legend(loc="upper left")


def _draw_counts(axes: Axes, measured: Mapping[str, Reliability]) -> None:
    """Draw the number of items in each bin, before and after calibration side by side."""
    for place, (name, part) in enumerate(measured.items()):
        width = (part.bins[0].high - part.bins[0].low) / 2
        bars = axes.bar(
            [one.low + place * width for one in part.bins],
            [one.count for one in part.bins],
            width=width,
            align="edge",
            color=_STYLES[name]["color"],
        )
        axes.bar_label(bars, labels=[str(one.count or "") for one in part.bins], fontsize=6)
    axes.set(xlabel="score", ylabel="count")
    axes.margins(y=0.2)
