"""`spert-hf convert`: from a checkpoint of the published SpERT code to one of this package."""

import argparse
import sys
from collections.abc import Sequence

from ..hub.conversion import save_converted
from .options import add_overwrite_option, fraction, positive


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = _parser().parse_args(arguments)
    settings = {"relation_threshold": options.relation_threshold, "max_span_size": options.max_span_size}
    output = save_converted(options.folder, options.types, options.output, overwrite=options.overwrite, **settings)
    sys.stdout.write(f"Converted {options.folder} to {output}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="spert-hf convert",
        description="Convert a checkpoint of the published SpERT implementation (safetensors, or a pickle read with "
        "`weights_only`). The converted model gives the same predictions.",
    )
    parser.add_argument("folder", metavar="DIR", help="the checkpoint: config.json, weights, vocab.txt")
    parser.add_argument("--types", required=True, metavar="TYPES.json", help="the types it was trained on, in order")
    parser.add_argument("--output", required=True, metavar="OUT", help="folder of the converted checkpoint")
    add_overwrite_option(parser)
    parser.add_argument("--relation-threshold", type=fraction, default=0.4, metavar="S", help="(default: %(default)s)")
    parser.add_argument("--max-span-size", type=positive, default=10, metavar="N", help="(default: %(default)s)")
    return parser
