"""The options of `spert-hf quantize`."""

import argparse

from ...openvino.settings import CALIBRATION_SENTENCES
from ..options import SPLITS, add_dataset_options, add_loading_options, add_overwrite_option
from .command_parser import CommandParser


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of the options."""
    parser = CommandParser(
        prog="spert-hf quantize",
        description="Write a checkpoint with an additional INT8 encoder, which OpenVINO runs on a CPU with --backend "
        "openvino --dtype int8. The ranges of activations are calibrated on sentences of a data set, without their "
        "annotations. `spert-hf evaluate` shows the cost in F1.",
    )
    add_loading_options(parser)
    add_dataset_options(parser)
    parser.add_argument(
        "--split",
        choices=SPLITS,
        default="train",
        help=f"split for calibration, of which up to {CALIBRATION_SENTENCES} sentences are used (default: %(default)s)",
    )
    parser.add_argument(
        "--output",
        required=True,
        metavar="DIR",
        help="folder for the checkpoint; may be that of the model, whose weights are not changed",
    )
    add_overwrite_option(parser)
    return parser
