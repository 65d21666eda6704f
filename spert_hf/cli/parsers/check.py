"""The options of `spert-hf check`."""

import argparse
from collections.abc import Sequence

from ..options import add_self_relations


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the options.

    Raises:
        SystemExit: on wrong usage (2), and after `--help` (0).
    """
    return _parser().parse_args(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="spert-hf check",
        description="Report every fault of document files, one a line; exit code 1 if there is any. Notes tell what is "
        "allowed and costs something, such as spans with two types.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="documents as `.json` or `.jsonl`")
    parser.add_argument("--types", metavar="TYPES.json", help="allowed types; without it any name is allowed")
    add_self_relations(parser)
    return parser
