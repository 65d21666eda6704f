"""The options of `spert-hf check`."""

import argparse

from ..options import add_self_relations


def make_parser() -> argparse.ArgumentParser:
    """Describe the options."""
    parser = argparse.ArgumentParser(
        prog="spert-hf check",
        description="Report every fault of document files, one a line; exit code 1 if there is any. Notes tell what is "
        "allowed and costs something, such as spans with two types.",
    )
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="documents as `.json` or `.jsonl`, or a folder with splits (`train.json`, …) and perhaps `types.json`",
    )
    parser.add_argument(
        "--types", metavar="TYPES.json", help="allowed types (default: a folder's own; of a file, any name)"
    )
    add_self_relations(parser)
    return parser
