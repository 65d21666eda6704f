"""`spert-hf annotate`: what a model finds in texts, for people to correct in an annotation tool."""

import argparse
from collections.abc import Iterator
from typing import Any

from ..annotation.predictions import annotate
from ..data.inputs import read_inputs
from ..model.selection import check_selection
from ..progress import Progress
from .annotated_output import check_output, write_annotated, write_summary
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
    write_summary(report, options.output)
    return 0
