"""What every kind of data set is turned into before it is read: its name, its types if it states them, its splits."""

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
"""Gives the documents, checked against a schema; the other argument says what becomes of self-relations."""


class DatasetError(ValueError):
    """A data set that cannot be found, told apart or built."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a data set was taken from, for the record of what was trained on it.

    Attributes:
        kind: ``package`` (a loading script that comes with this package), ``hub``, ``local``, or ``memory``.
        config: The configuration that was built, where there are such.
        revision: The commit on the Hub; where it cannot be told, the revision that was asked for. Of documents in
            memory, a digest of them.
    """

    kind: Literal["package", "hub", "local", "memory"] = "local"
    config: str | None = None
    revision: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A data set that is not read yet.

    Attributes:
        name: The data set's name.
        schema: Its types, or None where it does not state them.
        readers: For some of ``train``, ``dev`` and ``test``, the function that reads the documents and checks them.
        origin: Where it comes from.
        notes: What its users should know, a line each.
    """

    name: str
    schema: TypeSchema | None
    readers: Mapping[str, Reader]
    origin: Origin = field(default_factory=Origin)
    notes: tuple[str, ...] = ()


def split_of(name: str) -> str | None:
    """``train``, ``dev`` or ``test`` for any name that is used for one of them, None for others."""
    for split, aliases in SPLIT_ALIASES.items():
        if name.lower() in aliases:
            return split
    return None


def existing_folder(data_dir: str | Path) -> Path:
    """The folder that an argument ``data_dir`` names.

    Raises:
        DatasetError: There is none.
    """
    folder = Path(data_dir).expanduser()
    if not folder.is_dir():
        raise DatasetError(must_be("data_dir", "a folder that exists", repr(str(data_dir))))
    return folder


def row_readers(name: str, rows_by_split: Mapping[Any, Iterable[Mapping[str, Any]]]) -> dict[str, Reader]:
    """The readers of a data set that ``datasets`` has loaded; splits of other names are left out.

    Raises:
        DatasetError: Two of its splits have names for the same thing.
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
    """The first thing that went wrong, in one short line: ``datasets`` wraps what its builders raise."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:1000]}" if lines else short_repr(error)


def _read_rows(
    rows: Iterable[Mapping[str, Any]], name: str, schema: TypeSchema | None, self_relations: str
) -> list[Document]:
    return documents_from_rows(rows, name, schema, self_relations)
