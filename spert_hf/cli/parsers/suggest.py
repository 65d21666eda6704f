"""The options of `spert-hf suggest`."""

import argparse

from ...annotation.strategies import DEFAULT_STRATEGY, STRATEGIES
from ..options import add_model_options, add_reading_options, add_threshold_options, positive
from .annotate import add_texts_option
from .annotated_output import FORMATS_EPILOG, add_annotated_output
from .command_parser import CommandParser

_STRATEGIES = "strategies:\n" + "\n".join(f"  {name:<14}{text}" for name, text in STRATEGIES.items())


def make_parser() -> argparse.ArgumentParser:
    """Describe the options."""
    parser = CommandParser(
        prog="spert-hf suggest",
        description="Choose from many texts those that the model would learn most from if they were annotated, and\n"
        "write them with what the model finds in them, for people to correct. Near-duplicates are left out. The\n"
        "pool is read as a stream: it may be of any size.",
        epilog=f"{_STRATEGIES}\n\n{FORMATS_EPILOG}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_model_options(parser)
    add_texts_option(parser)
    parser.add_argument(
        "--annotated",
        nargs="+",
        default=[],
        metavar="FILE",
        help="exports of an annotation tool: texts that are annotated there are not chosen again",
    )
    parser.add_argument(
        "--budget", type=positive, default=50, metavar="N", help="texts that are chosen (default: %(default)s)"
    )
    parser.add_argument(
        "--strategy", choices=list(STRATEGIES), default=DEFAULT_STRATEGY, help="see below (default: %(default)s)"
    )
    parser.add_argument(
        "--seed", type=int, default=42, metavar="N", help="of chance and of the clustering (default: %(default)s)"
    )
    add_annotated_output(parser)
    add_reading_options(parser)
    add_threshold_options(parser)
    return parser
