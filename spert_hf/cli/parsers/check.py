"""The options of `spert-hf check`."""

import argparse

from ..options import add_self_relations
from .command_parser import CommandParser


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of the options."""
    parser = CommandParser(
        prog="spert-hf check",
        description="Report all errors in document files, one per line; the exit code is 1 if there are any. Notes "
        "point "
        "out what is allowed but has a cost, such as spans with two types.",
    )
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="documents as `.json` or `.jsonl`, or a folder with splits (`train.json`, …) and optionally `types.json`",
    )
    parser.add_argument(
        "--types",
        metavar="TYPES.json",
        help="file of allowed types (default: `types.json` of a folder; for a file, any type)",
    )
    add_self_relations(parser)
    return parser
