"""What plots have in common: matplotlib where it is installed, and SVG files that change with their figures only."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from ..files.atomic import write_atomically
from ..model.messages import must_be

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SERIES_STYLES = (
    # Okabe and Ito's colours, which the colour-blind tell apart; the hatches tell series apart without any colour.
    ("#56B4E9", ""),
    ("#E69F00", "//"),
    ("#009E73", "--"),
    ("#F0E442", "xx"),
    ("#CC79A7", "\\\\"),
    ("#0072B2", "||"),
    ("#D55E00", "++"),
    ("#FFFFFF", "."),
)
"""Face colour and hatch of the series of a plot, in the order to use them."""


def check_plot_file(path: str | Path) -> None:
    """Find out whether a plot can be written, before anything is computed for it.

    Raises:
        ValueError: `path` does not end in `.svg`.
        ImportError: matplotlib is not installed.
    """
    if Path(path).suffix != ".svg":
        raise ValueError(must_be("plot", "a file name that ends in .svg", repr(str(path))))
    check_matplotlib()


def check_matplotlib() -> None:
    """Find out whether plots can be drawn.

    Raises:
        ImportError: matplotlib is not installed.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "plots are drawn by matplotlib, which is not installed; `pip install spert-hf[experiments]`"
        ) from error


def write_svg(path: str | Path, figure: Figure) -> Path:
    """Write a figure and return its path; folders are made as needed. The same figure gives the same file."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, [to_svg(figure)])
    return path


def to_svg(figure: Figure) -> str:
    """Return a figure as SVG; the same figure gives the same text."""
    import matplotlib

    stream = StringIO()
    # Text stays text, ids come from the salt, and neither a date nor a version is written.
    with matplotlib.rc_context({"svg.hashsalt": "spert-hf", "svg.fonttype": "none"}):
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return stream.getvalue()


def plain_label(name: str) -> str:
    """Return a name as a label that matplotlib shows as it is: no formula, and not hidden from the legend."""
    name = name.replace("$", r"\$")
    return f"\u2060{name}" if name.startswith("_") else name
