"""Results as one page of Markdown, with a plot a table: nothing but what the results in the folder say."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..files.atomic import write_atomically
from ..training.arguments import SpertTrainingArguments
from .findings import judge_finding
from .model_index import render_model_index
from .runs import RESULT_DEFAULTS, RUNS_FOLDER, encoders_of, plan_runs, public_name, row_settings
from .summary import RowResults, Summary, TableResults, gather_results, summarise
from .tables import TABLES, Published, Table

PAGE_FILE = "README.md"
MODEL_INDEX_FILE = "model-index.yaml"
PLOTS_FOLDER = "plots"
_SECONDS_A_MINUTE = 60
_NOTHING = "–"
_HEADER = f"""# Results

Written by `spert-hf experiment` from the files in `{RUNS_FOLDER}/`, one a run, and overwritten by it. Scores are in
percent: F1 where nothing else is said, the mean over the runs ± their sample standard deviation. Figures in italics
were not measured here: they are from the paper, or of its published code, as is said below the table. What was measured
on test splits is in `{MODEL_INDEX_FILE}`, too, as the metadata of a model card.
"""


@dataclass(frozen=True)
class Rendering:
    """A page, its plots, and its figures as metadata.

    Args:
        page: Markdown.
        plots: SVG, by path below the page's folder.
        model_index: YAML.
    """

    page: str
    plots: dict[str, str]
    model_index: str

    def write(self, results_dir: Path) -> None:
        """Write the page, the metadata and the plots; plots of what is not there any more are removed."""
        results_dir.mkdir(parents=True, exist_ok=True)
        for name, plot in self.plots.items():
            (results_dir / name).parent.mkdir(exist_ok=True)
            write_atomically(results_dir / name, [plot])
        for file in (results_dir / PLOTS_FOLDER).glob("*.svg"):
            if f"{PLOTS_FOLDER}/{file.name}" not in self.plots:
                file.unlink()
        write_atomically(results_dir / PAGE_FILE, [self.page])
        write_atomically(results_dir / MODEL_INDEX_FILE, [self.model_index])


def render(results_dir: Path, tables: Mapping[str, Table] = TABLES, with_plots: bool = True) -> Rendering:
    """Render all tables that have a run, once for each encoder.

    Args:
        results_dir: folder of results.
        tables: by name.
        with_plots: draw plots, too.

    Raises:
        ValueError: naming a result that is of other settings than its name says.
        ImportError: plots are asked for, and Matplotlib is missing.
    """
    encoders = encoders_of(results_dir)
    every = [gather_results(table, encoder, results_dir) for table in tables.values() for encoder in encoders]
    found = [results for results in every if results.has_runs]
    parts, plots = [_HEADER], {}
    for results in found:
        name = None
        if with_plots:
            from .plots import draw

            name = f"{PLOTS_FOLDER}/{results.table.name}-{Path(results.encoder).name}.svg"
            plots[name] = draw(results)
        parts.append(render_table(results, name))
    if len(parts) == 1:
        parts.append("There are no runs yet.\n")
    return Rendering("\n".join(parts), plots, render_model_index(found))


def stray_results(results_dir: Path, tables: Mapping[str, Table] = TABLES) -> list[Path]:
    """The results that no table shows: of settings that were changed since, such as those of a recipe."""
    planned = {
        run.result_file(results_dir)
        for table in tables.values()
        for encoder in encoders_of(results_dir)
        for row in table.rows
        for run in plan_runs(table, row, encoder)
    }
    return sorted(set((results_dir / RUNS_FOLDER).glob("*/*.json")) - planned)


def render_table(results: TableResults, plot: str | None = None) -> str:
    """Render one table as a section.

    Args:
        results: of its runs.
        plot: path of its plot, from the page.
    """
    table = results.table
    published = [one for one in table.published if one.encoder == results.encoder]
    rows = [_published_cells(table, one) for one in published] + [_cells(table, row) for row in results.rows]

    headings = ["", *(column.label for column in table.columns), "runs", "min a run"]
    parts = [f"## {table.title}: {Path(results.encoder).name}", table.claim, _setting(table, results.encoder)]
    parts.append(markdown_table(headings, rows))
    parts += [f"*{one.label}*: {one.source}." for one in published]
    parts += filter(None, (judge_finding(results), _hardware(results), _analysis(results)))
    if plot:
        parts.append(f"![{table.title}]({plot})")
    return "\n\n".join(parts) + "\n"


def _setting(table: Table, encoder: str) -> str:
    """The command, and what holds for all rows."""
    said = ", ".join(f"`{name}` {value}" for name, value in _shared_settings(table).items())
    numbers = ", ".join(map(str, table.seeds))
    return (
        f"`spert-hf experiment {table.name} --encoder {encoder}`: {public_name(table.dataset)}, measured on "
        f"{table.split}, {'folds' if table.by_fold else 'seeds'} {numbers}; "
        + (f"all rows with {said}, and else the paper's settings." if said else "else the paper's settings.")
    )


def _shared_settings(table: Table) -> dict[str, Any]:
    """The settings that a result depends on and that a table gives to all of its rows."""
    every = [row_settings(table, row) for row in table.rows]
    shared = [name for name, value in table.settings.items() if all(row[name] == value for row in every)]
    return {name: table.settings[name] for name in shared if name in RESULT_DEFAULTS}


def _cells(table: Table, row: RowResults) -> list[str]:
    scores = [show(row.score(column)) for column in table.columns]
    # A run that was paused tells nothing of its time: `null`.
    whole = [result["seconds"] for result in row.results if result["seconds"] and not result["resumed_at_step"]]
    minutes = f"{summarise(whole).mean / _SECONDS_A_MINUTE:.1f}" if whole else _NOTHING
    return [row.row.label, *scores, f"{len(row.results)} of {row.wanted}", minutes]


def _published_cells(table: Table, published: Published) -> list[str]:
    figures = [published.scores.get(column.key) for column in table.columns]
    scores = [_NOTHING if figure is None else f"*{figure:.2f}*" for figure in figures]
    return [f"*{published.label}*", *scores, "", ""]


def show(summary: Summary | None, digits: int = 2) -> str:
    """A figure as text: mean ± standard deviation, the mean alone of one run, a dash of none."""
    if summary is None:
        return _NOTHING
    mean = f"{summary.mean:.{digits}f}"
    return mean if summary.deviation is None else f"{mean} ± {summary.deviation:.{digits}f}"


def _hardware(results: TableResults) -> str:
    """On what the runs were carried out, and with which versions."""
    every = [result for row in results.rows for result in row.results]
    devices = sorted({_device(result) for result in every})
    versions = sorted({f"torch {run['versions']['torch']}" for run in every})
    return f"Runs on {' and '.join(devices)}, {', '.join(versions)}; minutes are those of runs without interruption."


def _device(result: Mapping[str, Any]) -> str:
    threads = result["threads"]
    cpu = f"a CPU, {threads} {'thread' if threads == 1 else 'threads'}"
    return cpu if result["device"] == "cpu" else result["device"]


def _analysis(results: TableResults) -> str | None:
    """The table of what else was computed of the runs, if the table asks for it."""
    if not results.table.analysis:
        return None
    table = _ANALYSIS_TABLES[results.table.analysis](results)
    if not any(run["settings"].get("bf16") for row in results.rows for run in row.results):
        return table
    precision = "What follows was computed of the saved models in single precision, the scores above in bfloat16."
    return f"{precision}\n\n{table}"


def _threshold_table(results: TableResults) -> str:
    """Precision, recall and F1 by threshold, of the first row that has any."""
    lines = results.first_analysis("thresholds")
    figures = ("precision", "recall", "f1")
    cells = [
        [f"{line[0]['threshold']:.2f}", *(show(summarise([run[figure] for run in line])) for figure in figures)]
        for line in lines
    ]
    table = markdown_table(["threshold", "REL+ precision", "REL+ recall", "REL+ F1"], cells)
    return f"{_best_threshold(lines)}\n\n{table}" if lines else table


def _best_threshold(lines: Sequence[Sequence[Mapping[str, float]]]) -> str:
    """What the paper's threshold gives beside the best one."""
    f1 = {line[0]["threshold"]: summarise([run["f1"] for run in line]) for line in lines}
    best = max(f1, key=lambda threshold: f1[threshold].mean)
    paper = SpertTrainingArguments.relation_threshold
    return (
        f"**The paper predicts relations from a score of {paper} on.** Here that gives {show(f1.get(paper))} REL+ F1; "
        f"the highest is {show(f1[best])}, at {best:.2f}."
    )


def _length_table(results: TableResults) -> str:
    """REL+ F1 by the length of sentences, a line a row."""
    analysed = [(row, row.analysis("sentence_lengths")) for row in results.rows]
    first = next((lines for _, lines in analysed if lines), [])
    headings = [f"{line[0]['tokens']} tokens ({line[0]['documents']} sentences)" for line in first]
    cells = [
        [row.row.label, *(show(summarise([run["f1"] for run in line])) for line in lines)]
        for row, lines in analysed
        if lines
    ]
    return markdown_table(["REL+ F1 by length", *headings], cells)


_ANALYSIS_TABLES = {"thresholds": _threshold_table, "sentence_lengths": _length_table}


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; figures stand to the right."""
    lines = [headings, ["---", *["--:"] * (len(headings) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
