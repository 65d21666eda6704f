"""The options of `spert-hf quantize`."""

import argparse

from ...openvino.settings import CALIBRATION_SENTENCES
from ..options import SPLITS, add_dataset_options, add_loading_options, add_overwrite_option


def make_parser() -> argparse.ArgumentParser:
    """Describe the options."""
    parser = argparse.ArgumentParser(
        prog="spert-hf quantize",
        description="Write a checkpoint that holds, beside its weights, its encoder in INT8, which OpenVINO computes "
        "on a CPU with --backend openvino --dtype int8. The ranges of the encoder's numbers are "
        "measured on sentences of a data set; their annotations are not used. `spert-hf evaluate` tells "
        "what it costs in F1.",
    )
    add_loading_options(parser)
    add_dataset_options(parser)
    parser.add_argument(
        "--split",
        choices=SPLITS,
        default="train",
        help=f"take {CALIBRATION_SENTENCES} sentences of this split, or all if it has fewer (default: %(default)s)",
    )
    parser.add_argument(
        "--output",
        required=True,
        metavar="DIR",
        help="folder for the checkpoint; if it is the model's own, its weights stay as they are",
    )
    add_overwrite_option(parser)
    return parser
