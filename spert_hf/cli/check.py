"""`spert-hf check`: report all errors in document files before training."""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from ..data.advice import advise, advise_on_dev, suggest_settings
from ..data.documents import Document
from ..data.formats import examine_file
from ..data.schema import TypeSchema
from ..data.sources import split_of
from ..model.messages import must_be


def run(options: argparse.Namespace) -> int:
    """Run the command; return 1 if any file has an error."""
    schema = TypeSchema.from_file(options.types) if options.types else None
    faulty = False
    for file, types in [(file, types) for given in options.files for file, types in _files_of(given)]:
        try:
            own = schema or (TypeSchema.from_file(types) if types else None)
            documents, found = examine_file(file, own, options.self_relations)
            faults = list(map(str, found))
        except OSError as error:
            documents, faults = [], [f"{file}: {error.strerror or error}"]
        faulty = faulty or bool(faults)
        for fault in faults:
            sys.stdout.write(f"{fault}\n")
        for note in _notes(file, documents):
            sys.stdout.write(f"{file}: note: {note}\n")
        sys.stdout.write(f"{file}: {len(faults) or 'no'} fault{'s' * (len(faults) > 1)}\n")
    return 1 if faulty else 0


def _files_of(given: str) -> list[tuple[str, Path | None]]:
    """Yield a file, or the splits of a folder, each with the folder's `types.json`, if there is one.

    Raises:
        ValueError: a folder has no splits.
    """
    folder = Path(given)
    if not folder.is_dir():
        return [(given, None)]
    suffixes = (".json", ".jsonl")
    splits = [path for path in sorted(folder.iterdir()) if path.suffix in suffixes and split_of(path.stem)]
    if not splits:
        raise ValueError(must_be("FILE", "a file, or a folder with train.json, dev.json or test.json", given))
    types = folder / "types.json"
    return [(str(path), types if types.is_file() else None) for path in splits]


def _notes(file: str, documents: Sequence[Document]) -> list[str]:
    """Return notes on the documents of a file: the size of a dev split, advice for training for other splits."""
    split = _split_of(file)
    notes = advise(documents)
    if split == "dev":
        return notes + advise_on_dev(documents)
    if split == "test":
        return notes
    types = sorted({relation.type for document in documents for relation in document.relations})
    return notes + suggest_settings(documents, types)


def _split_of(file: str) -> str | None:
    """Return the split named by a file name."""
    return split_of(re.split("[_-]", Path(file).stem)[-1])
