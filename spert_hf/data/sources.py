"""The common form of all data sets before they are read: a name, declared types (if any), and readers of the splits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from ..model.messages import must_be
from .documents import Document
from .faults import short_repr
from .formats import documents_from_rows
from .schema import TypeSchema

SPLIT_ALIASES = {"train": ("train",), "dev": ("dev", "valid", "validation", "val"), "test": ("test",)}

Reader = Callable[[TypeSchema | None, str], list[Document]]
"""Reads documents and checks them against a schema; the other argument says how to treat self-relations."""


class DatasetError(ValueError):
    """Raised if a data set can't be found or built, or is ambiguous."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of a data set, for the records of training runs.

    Attributes:
        kind: ``package`` (a loading script that comes with this package), ``hub``, ``local``, or ``memory``.
        config: The configuration, if the data set has several.
        revision: The commit on the Hub or, if it is unknown, the given revision; for documents in memory, a digest of
            them.
    """

    kind: Literal["package", "hub", "local", "memory"] = "local"
    config: str | None = None
    revision: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A data set that has not been read yet.

    Attributes:
        name: The data set's name.
        schema: Its types, or None if it does not declare them.
        readers: For some of ``train``, ``dev`` and ``test``, the function that reads and checks the documents.
        origin: Its origin.
        notes: Lines that its users should see.
    """

    name: str
    schema: TypeSchema | None
    readers: Mapping[str, Reader]
    origin: Origin = field(default_factory=Origin)
    notes: tuple[str, ...] = ()


def split_of(name: str) -> str | None:
    """Return ``train``, ``dev`` or ``test`` for any common name of these splits, None for other names."""
    for split, aliases in SPLIT_ALIASES.items():
        if name.lower() in aliases:
            return split
    return None


def existing_folder(data_dir: str | Path) -> Path:
    """Return the folder of the argument ``data_dir``.

    Raises:
        DatasetError: If it does not exist.
    """
    folder = Path(data_dir).expanduser()
    if not folder.is_dir():
        raise DatasetError(must_be("data_dir", "a folder that exists", repr(str(data_dir))))
    return folder


def row_readers(name: str, rows_by_split: Mapping[Any, Iterable[Mapping[str, Any]]]) -> dict[str, Reader]:
    """Return the readers of a data set that ``datasets`` has loaded; splits with other names are left out.

    Args:
        name: The data set's name, for error messages.
        rows_by_split: The rows of each split.

    Raises:
        DatasetError: If two of its splits are the same one under different names.
    """
    readers: dict[str, Reader] = {}
    for split_name, rows in rows_by_split.items():
        split = split_of(str(split_name))
        if split in readers:
            names = ", ".join(str(other) for other in rows_by_split)
            raise DatasetError(f"{name}: two splits for {split} among its splits {names}; keep one")
        if split is not None:
            readers[split] = partial(_read_rows, rows, f"{name}, split {split_name}")
    return readers


def described(error: BaseException) -> str:
    """Describe the original cause of an error in a short line, since ``datasets`` wraps what its builders raise."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:1000]}" if lines else short_repr(error)


def _read_rows(
    rows: Iterable[Mapping[str, Any]], name: str, schema: TypeSchema | None, self_relations: str
) -> list[Document]:
    return documents_from_rows(rows, name, schema, self_relations)
