"""The options of `spert-hf find-threshold`."""

import argparse

from ...model.messages import must_be
from ..options import SPLITS, add_dataset_options, add_model_options
from .command_parser import CommandParser

_STEP = 0.05


def _step(text: str) -> float:
    """Parse the distance between thresholds."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.01 <= value <= 0.5:
        raise argparse.ArgumentTypeError(must_be("", "a number from 0.01 to 0.5", repr(text)))
    return value


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of the options."""
    parser = CommandParser(
        prog="spert-hf find-threshold",
        description="Find the relation threshold with the best REL+ micro F1 on a split, and print a table of "
        "thresholds "
        "with precision, recall and F1. Of equally good thresholds, the one closest to the model's is chosen.",
        epilog="Scores on the split used for finding a threshold are too optimistic; evaluate on another one.",
    )
    add_model_options(parser)
    add_dataset_options(parser)
    parser.add_argument(
        "--split",
        choices=SPLITS,
        default="dev",
        help="split for the search, not used for training the model (default: %(default)s)",
    )
    parser.add_argument(
        "--step",
        type=_step,
        default=_STEP,
        metavar="S",
        help="distance between thresholds, 0.01 to 0.5 (default: %(default)s); the model's threshold is also tried",
    )
    parser.add_argument(
        "--by-type",
        action="store_true",
        help="also find the best threshold of each relation type, for `relation_threshold` of the pipeline and "
        "`--relation-threshold` of other commands (a config has a single threshold)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--save",
        action="store_true",
        help="write the best threshold to the config of the checkpoint, a folder; the record of training with the "
        "scores at the old threshold is removed",
    )
    return parser
