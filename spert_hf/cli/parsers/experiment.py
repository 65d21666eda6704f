"""The options of `spert-hf experiment`."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from ...data.named_datasets import CARDS_FOLDER
from ...experiments.annotation.names import NAME, SEEDS, TITLE
from ...experiments.tables import DEFAULT_ENCODER, TABLES
from ...model.messages import either, must_be
from ...resources import shipped_folder
from ..options import positive
from .command_parser import CommandParser

RESULTS_FOLDER = "results"


DESCRIPTION = """Run the experiments of a table of results, and render all tables as Markdown and plots.

Finished runs are not repeated, interrupted ones are resumed, and each run writes a JSON file with its settings,
versions,
seed, scores and time. A GPU is used if there is one."""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the options.

    Raises:
        SystemExit: on wrong usage (2), and after `--help` (0).
    """
    parser = make_parser()
    options = parser.parse_args(arguments)
    known = [*TABLES, NAME]
    unknown = [name for name in options.tables if name not in known]
    if unknown:
        parser.error(must_be("TABLE", either(known), repr(unknown[0])))
    if not options.tables and not options.render_only:
        parser.error(must_be("TABLE", f"{either(known)} without --render-only", "none"))
    for name in options.tables:
        _check_seeds(parser, name, SEEDS if name == NAME else TABLES[name].seeds, options.seeds or ())
    return options


def _check_seeds(parser: argparse.ArgumentParser, name: str, allowed: Sequence[int], seeds: Sequence[int]) -> None:
    """Refuse seeds that the table does not have, as it would not show their runs."""
    for seed in seeds:
        if seed not in allowed:
            parser.error(must_be("--seeds", f"among {' '.join(map(str, allowed))} for {name}", seed))


def default_results_dir() -> Path:
    """Return `model_cards/results` in a checkout, else `results` in the current folder."""
    cards = shipped_folder(CARDS_FOLDER)
    is_checkout = (cards.parent / "pyproject.toml").is_file()
    return Path(os.path.relpath(cards / RESULTS_FOLDER)) if is_checkout else Path(RESULTS_FOLDER)


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of the options."""
    parser = CommandParser(
        prog="spert-hf experiment",
        description=DESCRIPTION,
        epilog="tables:\n"
        + "\n".join(f"  {name:<18}{table.title}" for name, table in TABLES.items())
        + f"\n  {NAME:<16}{TITLE}: a simulation; its rounds are trained one after the other, whatever --jobs says",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("tables", nargs="*", metavar="TABLE", help="one or more of the tables below")
    parser.add_argument(
        "--encoder", default=DEFAULT_ENCODER, help="folder or Hub id of the encoder (default: %(default)s)"
    )
    parser.add_argument(
        "--seeds",
        "--folds",
        nargs="+",
        type=int,
        metavar="N",
        help="some of the table's seeds (for ADE: folds); default: all",
    )
    parser.add_argument("--data-dir", help="folder with local copies of the data set's sources")
    parser.add_argument(
        "--results-dir",
        type=Path,
        default=default_results_dir(),
        metavar="DIR",
        help="folder for results and tables (default: %(default)s)",
    )
    parser.add_argument(
        "--work-dir",
        type=Path,
        default=Path("checkpoints/experiments"),
        metavar="DIR",
        help="folder for checkpoints and logs of running experiments (default: %(default)s)",
    )
    parser.add_argument(
        "--jobs",
        type=positive,
        default=1,
        metavar="N",
        help="number of parallel runs, which share the CPU cores (default: %(default)s)",
    )
    parser.add_argument(
        "--save-steps",
        type=positive,
        default=500,
        metavar="N",
        help="steps between checkpoints of a run (default: %(default)s)",
    )
    parser.add_argument("--keep-models", action="store_true", help="keep the trained models in the work folder")
    parser.add_argument("--render-only", action="store_true", help="do not train, only render the existing results")
    return parser
