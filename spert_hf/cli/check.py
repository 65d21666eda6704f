"""`spert-hf check`: every fault of document files, before they cost a training run."""

import argparse
import sys
from collections.abc import Sequence

from ..data.formats import check_file
from ..data.schema import TypeSchema


def run(arguments: Sequence[str]) -> int:
    """Run the command; 1 if any file has a fault."""
    options = _parser().parse_args(arguments)
    schema = TypeSchema.from_file(options.types) if options.types else None
    faulty = False
    for file in options.files:
        try:
            faults = list(map(str, check_file(file, schema)))
        except OSError as error:
            faults = [f"{file}: {error.strerror or error}"]
        faulty = faulty or bool(faults)
        for fault in faults:
            sys.stdout.write(f"{fault}\n")
        sys.stdout.write(f"{file}: {len(faults) or 'no'} fault{'s' * (len(faults) > 1)}\n")
    return 1 if faulty else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="spert-hf check",
        description="Report every fault of document files, one a line; exit code 1 if there is any.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="documents as `.json` or `.jsonl`")
    parser.add_argument("--types", metavar="TYPES.json", help="allowed types; without it any name is allowed")
    return parser
