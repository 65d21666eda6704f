"""Data sets in local files in SpERT's JSON form."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from .faults import list_names
from .formats import DOCUMENT_SUFFIXES, read_documents
from .schema import TypeSchema
from .sources import SPLIT_ALIASES, DatasetError, Source

_TYPES_STEM = "types"


def open_file(path: Path) -> Source:
    """Open a file as a data set, all of it for training."""
    return Source(path.stem, None, {"train": partial(read_documents, path)})


def open_folder(folder: Path, *, read_types: bool = True) -> Source:
    """Open a folder with a file per split, and possibly one of types, as a data set.

    Files are recognised by their stem, which is the split's name or ends in it after ``_`` or ``-``
    (``train.json``, ``conll04_dev.json``, ``validation.jsonl``; ``types.json``, ``conll04_types.json``).

    Args:
        folder: The folder; its subfolders are ignored.
        read_types: Whether to use the types file.

    Raises:
        DatasetError: If there is no training file, or two files for the same split.
        SchemaError: If the types file is not valid.
        OSError: If the folder can't be read.
    """
    files = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in DOCUMENT_SUFFIXES and path.is_file()]
    by_split = {split: _only_file(folder, files, split, aliases) for split, aliases in SPLIT_ALIASES.items()}
    if by_split["train"] is None:
        found = list_names([path.name for path in sorted(folder.iterdir())]) or "nothing"
        raise DatasetError(
            f"{folder}: no data set here. Looked for a loading script {folder.resolve().name}.py and for a training "
            f"file train or *_train with one of the endings {list_names(DOCUMENT_SUFFIXES)}; the folder has {found}"
        )
    types = _only_file(folder, files, _TYPES_STEM, (_TYPES_STEM,)) if read_types else None
    readers = {split: partial(read_documents, path) for split, path in by_split.items() if path is not None}
    return Source(folder.resolve().name, TypeSchema.from_file(types) if types else None, readers)


def _only_file(folder: Path, files: list[Path], what: str, aliases: tuple[str, ...]) -> Path | None:
    """Return the file whose stem is an alias or ends in one, if there is one."""
    endings = tuple(f"{separator}{alias}" for alias in aliases for separator in "_-")
    matches = [path for path in files if path.stem.lower() in aliases or path.stem.lower().endswith(endings)]
    if len(matches) > 1:
        raise DatasetError(
            f"{folder}: more than one file for {what}: {list_names([m.name for m in matches])}; keep one"
        )
    return matches[0] if matches else None
