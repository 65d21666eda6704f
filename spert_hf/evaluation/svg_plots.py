"""Common parts of plots: a check for matplotlib, and SVG files that change only if their figures do."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from ..files.atomic import write_atomically
from ..model.messages import must_be

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SERIES_STYLES = (
    # Okabe and Ito's colours, which colour-blind people can tell apart; hatches work without colour, too.
    ("#56B4E9", ""),
    ("#E69F00", "//"),
    ("#009E73", "--"),
    ("#F0E442", "xx"),
    ("#CC79A7", "\\\\"),
    ("#0072B2", "||"),
    ("#D55E00", "++"),
    ("#FFFFFF", "."),
)
"""Face colour and hatch of a plot's series, in order."""


def check_plot_file(path: str | Path) -> None:
    """Check that a plot can be written, before anything is computed for it.

    Args:
        path: the plot's file.

    Raises:
        ValueError: if `path` does not end in `.svg`.
        ImportError: if matplotlib is not installed.
    """
    if Path(path).suffix != ".svg":
        raise ValueError(must_be("plot", "a file name that ends in .svg", repr(str(path))))
    check_matplotlib()


def check_matplotlib() -> None:
    """Check that plots can be drawn.

    Raises:
        ImportError: if matplotlib is not installed.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "plots are drawn by matplotlib, which is not installed; `pip install spert-hf[experiments]`"
        ) from error


def write_svg(path: str | Path, figure: Figure) -> Path:
    """Write a figure, creating the folder if needed, and return its path; the same figure gives the same file."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, [to_svg(figure)])
    return path


def to_svg(figure: Figure) -> str:
    """Return a figure as SVG; the same figure gives the same text."""
    import matplotlib

    stream = StringIO()
    # Text is written as text, ids are derived from the salt, and neither a date nor a version is written.
    with matplotlib.rc_context({"svg.hashsalt": "spert-hf", "svg.fonttype": "none"}):
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return stream.getvalue()


def plain_label(name: str) -> str:
    """Return a label that matplotlib shows as it is: not as a formula, and not hidden from the legend."""
    name = name.replace("$", r"\$")
    return f"\u2060{name}" if name.startswith("_") else name
