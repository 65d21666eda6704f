"""`spert-hf annotate`: what a model finds in texts, for people to correct in an annotation tool."""

import argparse
import sys
from collections.abc import Iterator
from typing import Any

from ..annotation.predictions import annotate
from ..data.inputs import read_inputs
from ..model.selection import check_selection
from ..progress import Progress
from .annotated_output import check_output, write_annotated
from .extract import check_input
from .options import load_pipeline, reading_settings, selection_settings


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    check_input(options.input)
    check_output(options)
    reading, wanted = reading_settings(options), selection_settings(options)
    pipe = load_pipeline(options, reading)
    settings: dict[str, Any] = {"batch_size": options.batch_size, "overlap": options.overlap}
    settings |= check_selection(pipe.model.config, wanted)
    texts: Iterator[Any] = annotate(pipe, read_inputs(options.input), **settings)
    report = write_annotated(Progress("annotating", "texts").follow(texts), options, pipe.model.config)
    written = ", ".join(f"{count:,} {kind}" for kind, count in report.written.items())
    sys.stdout.write(f"Written to {options.output}: {written}\n")
    return 0
