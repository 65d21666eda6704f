"""The options of `spert-hf annotate`."""

import argparse

from ..options import add_found_options, add_model_options
from .annotated_output import FORMATS_EPILOG, add_annotated_output
from .command_parser import CommandParser


def make_parser() -> argparse.ArgumentParser:
    """Describe the options."""
    parser = CommandParser(
        prog="spert-hf annotate",
        description="Write texts with what a model finds in them in the form that an annotation tool imports,\n"
        "where people correct it. What they export, `spert-hf import` reads.",
        epilog=FORMATS_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_model_options(parser)
    add_texts_option(parser)
    add_annotated_output(parser)
    add_found_options(parser)
    return parser


def add_texts_option(parser: argparse.ArgumentParser) -> None:
    """Add the file of texts."""
    parser.add_argument(
        "--input",
        required=True,
        metavar="FILE",
        help="`.txt` (a text a line), `.csv` (with a column `text`), or objects with `text` or `tokens` in `.jsonl` or "
        "`.json`; - reads standard input",
    )
