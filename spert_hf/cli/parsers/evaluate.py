"""The options of `spert-hf evaluate`."""

import argparse

from ..options import SPLITS, add_dataset_options, add_model_options, add_reading_options, add_threshold_options
from .command_parser import CommandParser


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of the options."""
    parser = CommandParser(
        prog="spert-hf evaluate",
        description="Evaluate a model on annotated documents: entities (NER), relations by spans and type (REL), and "
        "relations with entity types (REL+); precision, recall and F1 in percent. With --errors, also an error "
        "analysis.",
    )
    add_model_options(parser)
    add_dataset_options(parser)
    parser.add_argument("--split", choices=SPLITS, help="(default: test; for a file of documents, all of them)")
    parser.add_argument(
        "--no-overlapping", action="store_true", help="exclude overlapping entities, gold and predicted"
    )
    parser.add_argument(
        "--as-text",
        action="store_true",
        help="evaluate on raw text: the joined tokens of a document (or its `text`), split into words and sentences by "
        "the model's pipeline; spans are compared by characters, ignoring a full stop at the end",
    )
    add_reading_options(parser)
    add_threshold_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--errors",
        action="store_true",
        help="print the categories of errors (boundary, type, direction, argument, spurious, missed …) and ten "
        "examples",
    )
    parser.add_argument(
        "--errors-markdown", metavar="FILE", help="write the categories of errors and examples as Markdown"
    )
    parser.add_argument(
        "--errors-plot", metavar="FILE.svg", help="write a plot of the categories of errors by type (needs matplotlib)"
    )
    parser.add_argument("--html", metavar="FILE", help="write an HTML page that shows each sentence with its errors")
    return parser
