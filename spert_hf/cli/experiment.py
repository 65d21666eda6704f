"""`spert-hf experiment`: run the missing experiments of tables of results, and render the tables."""

import argparse
import os
import sys
from pathlib import Path

from transformers.utils import logging

from ..experiments.annotation.names import NAME
from ..experiments.tables import TABLES


def run(options: argparse.Namespace) -> int:
    """Run the command; return 1 if a run failed."""
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    failure = None if options.render_only else _carry_out(options)
    if not options.render_only and NAME in options.tables:
        failure = "\n".join(filter(None, [failure, _simulate_annotation(options)])) or None
    _render(options.results_dir)
    _render_annotation(options)
    if failure:
        sys.stderr.write(f"spert-hf experiment: {failure}\n")
    return 1 if failure else 0


def _carry_out(options: argparse.Namespace) -> str | None:
    """Execute the missing runs; return error messages."""
    from ..experiments.running import RunFailedError, Runner, Workplace, missing_runs, unreadable_data_sets
    from ..experiments.runs import Run, plan_runs

    missing: dict[str, Run] = {}
    count = 0
    tables = [TABLES[name] for name in options.tables if name != NAME]
    if not tables:
        return None
    for table in tables:
        runs = [one for row in table.rows for one in plan_runs(table, row, options.encoder, options.seeds)]
        count += len(runs)
        # All rows with one seed before the next seed, so that unfinished tables are informative.
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


def _simulate_annotation(options: argparse.Namespace) -> str | None:
    """Execute the missing rounds of the simulation; return error messages."""
    from ..experiments.annotation.plan import plan_rounds
    from ..experiments.annotation.simulation import Simulation, load_data
    from ..training.interruption import TrainingInterruptedError

    rounds = plan_rounds(options.encoder, options.seeds)
    try:
        simulation = Simulation(
            load_data(options.data_dir),
            options.results_dir,
            options.work_dir,
            _report,
            save_steps=options.save_steps,
            show_progress=sys.stderr.isatty(),
        )
        done = sum(map(simulation.is_done, rounds))
        _report(f"{NAME}: {len(rounds)} rounds, {len(rounds) - done} of them to do")
        simulation.carry_out(rounds)
    except TrainingInterruptedError as error:
        raise KeyboardInterrupt from error
    except (OSError, ValueError) as error:
        return str(error)
    return None


def _render_annotation(options: argparse.Namespace) -> None:
    """Write the simulation's page and curve; without Matplotlib, only the page."""
    from ..experiments.annotation.rendering import write_page

    try:
        page = write_page(options.results_dir, options.encoder)
    except ImportError:  # which was told already
        page = write_page(options.results_dir, options.encoder, with_plot=False)
    if page is not None:
        _report(f"{page} written")


def _render(results_dir: Path) -> None:
    """Write page and plots; without Matplotlib, only the page, with a note."""
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
