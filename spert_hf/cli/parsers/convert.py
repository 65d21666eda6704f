"""The options of `spert-hf convert`."""

import argparse

from ..options import add_overwrite_option, fraction, positive
from .command_parser import CommandParser


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of the options."""
    parser = CommandParser(
        prog="spert-hf convert",
        description="Convert a checkpoint of the published SpERT implementation (safetensors, or a pickle read with "
        "`weights_only`). The converted model gives the same predictions.",
    )
    parser.add_argument("folder", metavar="DIR", help="folder of the checkpoint: config.json, weights, vocab.txt")
    parser.add_argument(
        "--types", required=True, metavar="TYPES.json", help="file of the types it was trained on, in order"
    )
    parser.add_argument("--output", required=True, metavar="OUT", help="folder for the converted checkpoint")
    add_overwrite_option(parser)
    parser.add_argument("--relation-threshold", type=fraction, default=0.4, metavar="S", help="(default: %(default)s)")
    parser.add_argument("--max-span-size", type=positive, default=10, metavar="N", help="(default: %(default)s)")
    return parser
