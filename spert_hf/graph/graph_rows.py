"""The rows of a graph's Parquet files, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow

_BATCH = 4096
"""Rows that are Python objects at a time."""


def each_row(folder: Path, name: str, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    """The rows of one of the files as mappings, in its order; no more than a batch of them is held.

    Args:
        folder: with the files.
        name: of the file, see `schema.py`.
        columns: those that are wanted, by default all.
    """
    for batch in each_batch(folder, name, columns):
        yield from batch.to_pylist()


def each_batch(folder: Path, name: str, columns: Sequence[str] | None = None) -> Iterator[pyarrow.RecordBatch]:
    """Batches of the rows of one of the files, in its order; arguments as in [`each_row`]."""
    from pyarrow import parquet

    with parquet.ParquetFile(folder / name) as file:
        yield from file.iter_batches(_BATCH, columns=None if columns is None else list(columns))


def count_rows(folder: Path, name: str) -> int:
    """How many rows one of the files has."""
    from pyarrow import parquet

    return parquet.read_metadata(folder / name).num_rows


def read_columns(folder: Path, name: str, columns: Sequence[str]) -> pyarrow.Table:
    """Whole columns, as Arrow holds them: compact, for all rows."""
    from pyarrow import parquet

    return parquet.read_table(folder / name, columns=list(columns))


def types_of(folder: Path, name: str) -> list[str]:
    """The types that rows of one of the files have, sorted."""
    return sorted(read_columns(folder, name, ["type"])["type"].unique().to_pylist())
