"""The options of `spert-hf export`."""

import argparse

from ...onnx.record import FOLDER, SPAN_FILES
from ..options import add_loading_options
from .command_parser import CommandParser


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of the options."""
    parser = CommandParser(
        prog="spert-hf export",
        description="Export a model to ONNX: the whole model, from sub-words to the scores of spans and pairs, with "
        "its tokenizer and settings. `spert_hf.onnx.load_onnx` extracts with it, without torch and transformers.",
    )
    add_loading_options(parser)
    parser.add_argument(
        "--output",
        metavar="DIR",
        help=f"a new or empty folder (default: `{FOLDER}` in the folder of the model)",
    )
    parser.add_argument(
        "--dtype",
        nargs="+",
        choices=tuple(SPAN_FILES),
        default=["float32"],
        help="float32, int8 (the encoder's linear layers and embeddings in INT8), or both (default: float32)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace another export in the output folder")
    return parser
