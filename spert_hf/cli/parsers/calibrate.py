"""The options of `spert-hf calibrate`."""

import argparse

from ..options import SPLITS, add_dataset_options, add_model_options, add_overwrite_option


def make_parser() -> argparse.ArgumentParser:
    """Describe the options."""
    parser = argparse.ArgumentParser(
        prog="spert-hf calibrate",
        description="Fit two temperatures, by which the logits of entities and of relations are divided, so that "
        "scores say how often what is found is right; print the expected calibration error (10 bins) before and "
        "after. The same entities and relations are found as before: the relation threshold moves with the scores.",
        epilog="Only where overlaps are settled by score (overlap: best) another of two entities may be kept; then the "
        "record of training with its scores is not saved with the model.",
    )
    add_model_options(parser)
    add_dataset_options(parser)
    parser.add_argument(
        "--split",
        choices=SPLITS,
        default="dev",
        help="fit on this split, which the model should not have been trained on (default: %(default)s)",
    )
    parser.add_argument("--measure-on", choices=SPLITS, help="another split, on which the fit is measured, too")
    parser.add_argument("--output", metavar="DIR", help="save the model with its temperatures in this folder")
    add_overwrite_option(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, with the bins, instead of a table")
    parser.add_argument(
        "--plot", metavar="FILE.svg", help="draw a reliability diagram, of the other split if there is one (matplotlib)"
    )
    return parser
