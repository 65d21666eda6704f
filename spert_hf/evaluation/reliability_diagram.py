"""The reliability diagram: how often what is found is right, against its score, before and after calibration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .reliability import Reliability
from .svg_plots import SERIES_STYLES, check_plot_file, write_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PANELS = {"entities": "Entities", "relations": "Relations"}
"""What is drawn, by the names of [`reliabilities`], and how it is called."""

_STYLES = {
    when: {"color": colour, "marker": marker}
    for when, (colour, _), marker in zip(("before", "after"), SERIES_STYLES, "os", strict=False)
}


def write_reliability_diagram(
    path: str | Path, before: Mapping[str, Reliability], after: Mapping[str, Reliability], title: str
) -> Path:
    """Write a panel for entities and one for relations, as SVG; return its path. The same figures give the same file.

    Args:
        path: of the file.
        before: as [`reliabilities`] gives it.
        after: the same with other temperatures.
        title: above both panels.

    Raises:
        ValueError: `path` does not end in `.svg`.
        ImportError: matplotlib is not installed.
        OSError: the file cannot be written.
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
    """Share of right items over mean score, bin by bin, with the diagonal on which both are the same."""
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
    """Number of items in each bin, before and after beside each other."""
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
