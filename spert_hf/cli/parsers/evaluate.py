"""The options of `spert-hf evaluate`."""

import argparse

from ..options import SPLITS, add_dataset_options, add_model_options, add_reading_options, add_threshold_options


def make_parser() -> argparse.ArgumentParser:
    """Describe the options."""
    parser = argparse.ArgumentParser(
        prog="spert-hf evaluate",
        description="Score a model on annotated documents: entities (NER), relations by spans and type (REL), and with "
        "entity types too (REL+); precision, recall and F1 in percent. With --errors, what is wrong, too.",
    )
    add_model_options(parser)
    add_dataset_options(parser)
    parser.add_argument("--split", choices=SPLITS, help="(default: test; of a file of documents all of them)")
    parser.add_argument(
        "--no-overlapping", action="store_true", help="drop entities that overlap, in gold and predictions"
    )
    parser.add_argument(
        "--as-text",
        action="store_true",
        help="read each document as users' text is read: its tokens joined (or its own `text`), split into words and "
        "sentences by the model's pipeline; spans are compared by characters, but for a point at their end",
    )
    add_reading_options(parser)
    add_threshold_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--errors",
        action="store_true",
        help="print what kinds of errors there are (boundary, type, direction, argument, spurious, missed …), and ten "
        "examples",
    )
    parser.add_argument("--errors-markdown", metavar="FILE", help="write the kinds of errors and examples as Markdown")
    parser.add_argument(
        "--errors-plot", metavar="FILE.svg", help="write a plot of the kinds of errors by type (needs matplotlib)"
    )
    parser.add_argument("--html", metavar="FILE", help="write a page that shows each sentence with its errors")
    return parser
