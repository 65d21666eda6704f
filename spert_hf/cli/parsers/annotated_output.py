"""The options of commands that write texts for an annotation tool."""

import argparse

from ...data.annotation.formats import FORMATS
from ...data.annotation.offsets import UNITS

_WRITTEN = [each for each in FORMATS.values() if each.written]

FORMATS_EPILOG = "formats:\n" + "\n".join(f"  {each.name:<14}{each.title}" for each in _WRITTEN)
"""What the formats are, for the end of a help text."""


def add_annotated_output(parser: argparse.ArgumentParser) -> None:
    """Add what is written, in which format."""
    group = parser.add_argument_group("output")
    group.add_argument(
        "--format", required=True, choices=[each.name for each in _WRITTEN], metavar="FORMAT", help="see below"
    )
    group.add_argument(
        "--output",
        required=True,
        metavar="FILE",
        help="the file; for brat, and for inception without .json, .xmi or .zip, a new folder",
    )
    group.add_argument(
        "--offsets", choices=UNITS, help="what the offsets count (default: what the tool counts by default)"
    )
    group.add_argument(
        "--model-version",
        metavar="NAME",
        help="what Label Studio shows as the source of the predictions (default: the model's name)",
    )
