"""The page of the simulation: its tables and its curve, written from the results alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...evaluation.svg_plots import check_matplotlib, to_svg
from ...files.atomic import write_atomically
from ..plots import LINE_COLOURS, LINE_MARKERS, PLOT_SIZE
from ..rendering import markdown_table, show
from ..summary import summarise
from .curves import Curve, Saving, compare, gather_curves, of_chance
from .names import NAME, TITLE
from .plan import DATASET, MOST, RECIPE, ROUND, SIZES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PAGE_FILE = "README.md"
_NOTHING = "–"
_PLOTTED = ("random", "both", "uncertainty", "diversity")
"""Labels of the strategies in the plot; the others are in the tables."""


def write_page(results_dir: Path, encoder: str, with_plot: bool = True) -> Path | None:
    """Write the page, and the plot beside it; nothing where there are no results.

    Args:
        results_dir: Folder of results.
        encoder: Whose.
        with_plot: Draw the curve, too.

    Returns:
        The page.

    Raises:
        ValueError: Naming a result that is of another round than its name says.
        ImportError: A plot is asked for, and Matplotlib is missing.
    """
    curves = gather_curves(results_dir, encoder)
    if not curves:
        return None
    plot = f"{Path(encoder).name}.svg"
    folder = results_dir / NAME
    if with_plot:
        write_atomically(folder / plot, [draw(curves)])
    write_atomically(folder / PAGE_FILE, [render(curves, encoder, plot if with_plot else None)])
    return folder / PAGE_FILE


def render(curves: Sequence[Curve], encoder: str, plot: str | None = None) -> str:
    """The page, as Markdown.

    Args:
        curves: Of all strategies that there are results of.
        encoder: Whose.
        plot: Path of the plot, from the page.
    """
    chance = of_chance(curves)
    savings = [(curve, None if chance is None else compare(curve, chance)) for curve in curves]
    parts = [
        f"# {TITLE}: {Path(encoder).name}",
        f"Written by `spert-hf experiment {NAME}` from the files beside it, one a round, and overwritten by it.",
        _setting(encoder, curves),
        _curve_table(curves),
        _saving_table(savings),
        _costs(curves),
    ]
    if plot:
        parts.append(f"![{TITLE}]({plot})")
    return "\n\n".join(filter(None, parts)) + "\n"


def _setting(encoder: str, curves: Sequence[Curve]) -> str:
    steps = {one["steps"] for curve in curves for of_seed in curve.results.values() for one in of_seed.values()}
    return (
        f"Annotation is simulated on {DATASET}'s train split with `{encoder}`: {ROUND} sentences are drawn at random "
        f"to start with, then each round's model chooses the next {ROUND}, up to {MOST}; `random` draws them. Each "
        f"round trains anew from the encoder with `model_cards/{RECIPE}`, without R-Drop and without copies in other "
        f"letter case, with {min(steps)} to {max(steps)} steps whatever the number of sentences. Dev serves for the "
        "curve and nothing else. Figures are the mean of the micro F1 of NER and REL+ on dev, in percent, ± their "
        "sample standard deviation over seeds."
    )


def _curve_table(curves: Sequence[Curve]) -> str:
    rows = [
        [
            curve.strategy.label,
            *(show(summarise(scores)) if (scores := curve.scores(size)) else _NOTHING for size in SIZES),
            ", ".join(map(str, sorted({seed for of_seed in curve.results.values() for seed in of_seed}))),
        ]
        for curve in curves
    ]
    return markdown_table(["sentences", *map(str, SIZES), "seeds"], rows)


def _saving_table(savings: Sequence[tuple[Curve, Saving | None]]) -> str:
    """With how many sentences each strategy has what chance has with the most."""
    rows = []
    for curve, saving in savings:
        if saving is None or curve.strategy.name == "random":
            continue
        size, best = saving.reached
        needed = saving.sentences
        rows.append(
            [
                curve.strategy.label,
                f"{saving.target:.2f}",
                _NOTHING if needed is None else f"{needed:.0f}",
                _NOTHING if needed is None else f"{needed / MOST:.2f}",
                f"{best:.2f} with {size}",
                str(len(saving.seeds)),
            ]
        )
    if not rows:
        return ""
    headings = ["", f"F1 of random with {MOST}", "sentences for that", "ratio", "best", "seeds"]
    told = "Sentences for that F1 are read off straight lines between rounds; only seeds that both have are compared."
    return f"{told}\n\n{markdown_table(headings, rows)}"


def _costs(curves: Sequence[Curve]) -> str:
    """What the sentences hold that were chosen: to annotate a long one costs more than a short one."""
    rows = []
    for curve in curves:
        most = max(curve.results)
        rows.append([curve.strategy.label, str(most), *(f"{count:.1f}" for count in curve.counts(most).values())])
    table = markdown_table(["", "sentences", "words", "entities", "relations"], rows)
    return f"What a sentence holds, in the mean of all that a strategy has in its last round:\n\n{table}"


def draw(curves: Sequence[Curve]) -> str:
    """The curves as SVG, the same for the same results and version of Matplotlib.

    Raises:
        ImportError: Matplotlib is missing.
    """
    check_matplotlib()
    from matplotlib.figure import Figure

    figure = Figure(figsize=PLOT_SIZE, layout="constrained")
    axes = figure.add_subplot()
    for place, label in enumerate(_PLOTTED):
        for curve in curves:
            if curve.strategy.label == label:
                _draw_curve(axes, curve, place)
    axes.set_xlabel("annotated sentences")
    axes.set_ylabel("mean F1 of NER and REL+, %")
    axes.set_xticks(SIZES)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize="small")
    return to_svg(figure)


def _draw_curve(axes: Axes, curve: Curve, place: int) -> None:
    """A line of means, whose whiskers are sample standard deviations."""
    sizes = [size for size in SIZES if curve.scores(size)]
    summaries = [summarise(curve.scores(size)) for size in sizes]
    axes.errorbar(
        sizes,
        [summary.mean for summary in summaries],
        yerr=[summary.deviation or 0.0 for summary in summaries],
        capsize=2,
        label=curve.strategy.label,
        color=LINE_COLOURS[place],
        marker=LINE_MARKERS[place],
    )
