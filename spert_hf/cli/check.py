"""`spert-hf check`: every fault of document files, before they cost a training run."""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from ..data.advice import advise, advise_on_dev
from ..data.formats import examine_file
from ..data.schema import TypeSchema
from ..data.sources import split_of
from .options import add_self_relations


def run(arguments: Sequence[str]) -> int:
    """Run the command; 1 if any file has a fault."""
    options = _parser().parse_args(arguments)
    schema = TypeSchema.from_file(options.types) if options.types else None
    faulty = False
    for file in options.files:
        try:
            documents, found = examine_file(file, schema, options.self_relations)
            faults = list(map(str, found))
        except OSError as error:
            documents, faults = [], [f"{file}: {error.strerror or error}"]
        faulty = faulty or bool(faults)
        for fault in faults:
            sys.stdout.write(f"{fault}\n")
        for note in advise(documents) + (advise_on_dev(documents) if _is_dev(file) else []):
            sys.stdout.write(f"{file}: note: {note}\n")
        sys.stdout.write(f"{file}: {len(faults) or 'no'} fault{'s' * (len(faults) > 1)}\n")
    return 1 if faulty else 0


def _is_dev(file: str) -> bool:
    """Whether a file's name says that it is a dev split."""
    return split_of(re.split("[_-]", Path(file).stem)[-1]) == "dev"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="spert-hf check",
        description="Report every fault of document files, one a line; exit code 1 if there is any. Notes tell what is "
        "allowed and costs something, such as spans with two types.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="documents as `.json` or `.jsonl`")
    parser.add_argument("--types", metavar="TYPES.json", help="allowed types; without it any name is allowed")
    add_self_relations(parser)
    return parser
