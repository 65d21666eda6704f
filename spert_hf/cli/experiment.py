"""`spert-hf experiment`: train what a table of results lacks, and render the tables."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from transformers.utils import logging

from ..data.named_datasets import CARDS_FOLDER
from ..experiments.tables import DEFAULT_ENCODER, TABLES, Table
from ..resources import shipped_folder
from .options import positive

RESULTS_FOLDER = "results"
DESCRIPTION = """Carry out the runs of a table of results, and render all tables as Markdown and plots.

What is trained already is not trained again, what was interrupted goes on where it was, and each run leaves one JSON
file with its settings, versions, seed, scores and time. A GPU is used if there is one."""


def run(arguments: Sequence[str]) -> int:
    """Run the command; 1 if a run failed."""
    options = _parse(arguments)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    failure = None if options.render_only else _carry_out(options)
    _render(options.results_dir)
    if failure:
        sys.stderr.write(f"spert-hf experiment: {failure}\n")
    return 1 if failure else 0


def _carry_out(options: argparse.Namespace) -> str | None:
    """Carry out the runs that are missing; return what went wrong, if anything."""
    from ..experiments.running import RunFailedError, Runner, Workplace, missing_runs, unreadable_data_sets
    from ..experiments.runs import Run, plan_runs

    missing: dict[str, Run] = {}
    count = 0
    for table in (TABLES[name] for name in options.tables):
        runs = [one for row in table.rows for one in plan_runs(table, row, options.encoder, options.seeds)]
        count += len(runs)
        # All rows with one seed before any with the next: a table that is begun can be read.
        runs.sort(key=lambda one: one.number)
        for one in missing_runs(runs, options.results_dir, [table.analysis] if table.analysis else []):
            missing.setdefault(one.key, one)
    _report(f"{count} runs, {len(missing)} of them to do")
    unreadable = unreadable_data_sets(missing.values(), options.data_dir)
    failures = list(unreadable.values())
    workplace = Workplace(
        results_dir=options.results_dir,
        work_dir=options.work_dir,
        data_dir=options.data_dir,
        jobs=options.jobs,
        save_steps=options.save_steps,
        keep_models=options.keep_models,
    )
    readable = [run for run in missing.values() if run.arguments.dataset not in unreadable]
    try:
        Runner(workplace, _report, show_progress=sys.stderr.isatty()).carry_out(readable)
    except RunFailedError as error:
        failures.append(str(error))
    return "\n".join(failures) or None


def _render(results_dir: Path) -> None:
    """Write page and plots; where Matplotlib is missing, the page alone, and say so."""
    from ..experiments.rendering import PAGE_FILE, render, stray_results

    try:
        rendering = render(results_dir, TABLES)
    except ImportError as error:
        _report(f"without plots: {error}")
        rendering = render(results_dir, TABLES, with_plots=False)
    rendering.write(results_dir)
    for file in stray_results(results_dir, TABLES):
        _report(f"{file}: no table has these settings any more; not shown")
    _report(f"Tables written to {results_dir / PAGE_FILE}")


def _report(line: str) -> None:
    sys.stderr.write(line + os.linesep)
    sys.stderr.flush()


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the options.

    Raises:
        SystemExit: on wrong usage (2), and after `--help` (0).
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    unknown = [name for name in options.tables if name not in TABLES]
    if unknown:
        parser.error(f"TABLE: given {unknown[0]!r}, allowed {', '.join(TABLES)}")
    if not options.tables and not options.render_only:
        parser.error(f"TABLE: given none, allowed {', '.join(TABLES)}, or --render-only")
    for table in (TABLES[name] for name in options.tables):
        _check_seeds(parser, table, options.seeds or ())
    return options


def _check_seeds(parser: argparse.ArgumentParser, table: Table, seeds: Sequence[int]) -> None:
    """Refuse seeds that are none of the table's: the runs would not show in it."""
    for seed in seeds:
        if seed not in table.seeds:
            parser.error(f"--seeds: given {seed}, allowed for {table.name}: {' '.join(map(str, table.seeds))}")


def default_results_dir() -> Path:
    """`model_cards/results` of a checkout, else `results` here."""
    cards = shipped_folder(CARDS_FOLDER)
    is_checkout = (cards.parent / "pyproject.toml").is_file()
    return Path(os.path.relpath(cards / RESULTS_FOLDER)) if is_checkout else Path(RESULTS_FOLDER)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="spert-hf experiment",
        description=DESCRIPTION,
        epilog="tables:\n" + "\n".join(f"  {name:<16}{table.title}" for name, table in TABLES.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("tables", nargs="*", metavar="TABLE", help="one or more of the tables below")
    parser.add_argument("--encoder", default=DEFAULT_ENCODER, help="a folder or Hub id (default: %(default)s)")
    parser.add_argument(
        "--seeds",
        "--folds",
        nargs="+",
        type=int,
        metavar="N",
        help="some of the table's seeds (of ADE: of its folds); by default all",
    )
    parser.add_argument("--data-dir", help="folder with local copies of the data set's sources")
    parser.add_argument(
        "--results-dir",
        type=Path,
        default=default_results_dir(),
        metavar="DIR",
        help="where results and tables are kept (default: %(default)s)",
    )
    parser.add_argument(
        "--work-dir",
        type=Path,
        default=Path("checkpoints/experiments"),
        metavar="DIR",
        help="where runs under way keep checkpoints and logs (default: %(default)s)",
    )
    parser.add_argument(
        "--jobs", type=positive, default=1, metavar="N", help="runs at a time, sharing the cores (default: %(default)s)"
    )
    parser.add_argument(
        "--save-steps",
        type=positive,
        default=500,
        metavar="N",
        help="steps between two checkpoints of a run (default: %(default)s)",
    )
    parser.add_argument("--keep-models", action="store_true", help="keep the trained models in the work folder")
    parser.add_argument("--render-only", action="store_true", help="train nothing, render what is there")
    return parser
