"""The options of `spert-hf find-threshold`."""

import argparse

from ...model.messages import must_be
from ..options import SPLITS, add_dataset_options, add_model_options

_STEP = 0.05


def _step(text: str) -> float:
    """Read the distance of two thresholds."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.01 <= value <= 0.5:
        raise argparse.ArgumentTypeError(must_be("", "a number from 0.01 to 0.5", repr(text)))
    return value


def make_parser() -> argparse.ArgumentParser:
    """Describe the options."""
    parser = argparse.ArgumentParser(
        prog="spert-hf find-threshold",
        description="Find the lowest score of a relation (relation_threshold) that gives the best micro F1 of REL+ on "
        "a split: a table of thresholds with precision, recall and F1. Of thresholds that are equally good, that which "
        "is nearest to the model's own is the best.",
        epilog="A threshold that was found on a split makes scores on that split too good; measure on another one.",
    )
    add_model_options(parser)
    add_dataset_options(parser)
    parser.add_argument(
        "--split",
        choices=SPLITS,
        default="dev",
        help="search on this split, which the model should not have been trained on (default: %(default)s)",
    )
    parser.add_argument(
        "--step",
        type=_step,
        default=_STEP,
        metavar="S",
        help="distance of two thresholds, 0.01 to 0.5 (default: %(default)s); the model's own is tried, too",
    )
    parser.add_argument(
        "--by-type",
        action="store_true",
        help="also find the best threshold of each relation type, as the pipeline's `relation_threshold` and "
        "`--relation-threshold` of other commands take it (a model's config has one for all types)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--save",
        action="store_true",
        help="write the best threshold into the config of the checkpoint, a folder; the record of training with the "
        "scores at another threshold is then removed from it",
    )
    return parser
