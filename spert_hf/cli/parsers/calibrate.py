"""The options of `spert-hf calibrate`."""

import argparse

from ..options import SPLITS, add_dataset_options, add_model_options, add_overwrite_option
from .command_parser import CommandParser


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of the options."""
    parser = CommandParser(
        prog="spert-hf calibrate",
        description="Fit temperatures for the logits of entities and of relations, so that scores are the probability "
        "of being right; print the expected calibration error (10 bins) before and after. The predictions do not "
        "change: the relation threshold is adjusted with the scores.",
        epilog="Only if overlaps are resolved by score (overlap: best), other overlapping entities may be kept; in "
        "this case, the record of training with its scores is not saved with the model.",
    )
    add_model_options(parser)
    add_dataset_options(parser)
    parser.add_argument(
        "--split",
        choices=SPLITS,
        default="dev",
        help="split for fitting, not used for training the model (default: %(default)s)",
    )
    parser.add_argument("--measure-on", choices=SPLITS, help="another split on which to evaluate the calibration")
    parser.add_argument("--output", metavar="DIR", help="save the model with its temperatures to this folder")
    add_overwrite_option(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, with the bins, instead of a table")
    parser.add_argument(
        "--plot", metavar="FILE.svg", help="draw a reliability diagram, of the other split if there is one (matplotlib)"
    )
    return parser
