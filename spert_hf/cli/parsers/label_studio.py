"""The options of `spert-hf label-studio`."""

import argparse

from ..options import add_model_options, add_reading_options, add_threshold_options, add_type_options
from .command_parser import CommandParser
from .demo import port


def make_parser() -> argparse.ArgumentParser:
    """Describe the options."""
    parser = CommandParser(
        prog="spert-hf label-studio",
        description="Predict for Label Studio while people annotate: a server that a project's settings name as its "
        "model (Settings, Model, Connect Model). It needs the extra serve.",
    )
    add_model_options(parser)
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen at; 0.0.0.0 is all of this machine's, and anybody may ask there (default: %(default)s)",
    )
    parser.add_argument("--port", type=port, default=9090, help="port to listen at (default: %(default)s)")
    parser.add_argument(
        "--model-version", metavar="NAME", help="what Label Studio shows as their source (default: the model's name)"
    )
    add_reading_options(parser)
    add_threshold_options(parser)
    add_type_options(parser)
    return parser
