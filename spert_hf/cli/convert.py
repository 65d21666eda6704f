"""`spert-hf convert`: convert a checkpoint of the published SpERT code."""

import argparse
import sys

from ..hub.conversion import save_converted


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    settings = {"relation_threshold": options.relation_threshold, "max_span_size": options.max_span_size}
    output = save_converted(options.folder, options.types, options.output, overwrite=options.overwrite, **settings)
    sys.stdout.write(f"Converted {options.folder} to {output}\n")
    return 0
