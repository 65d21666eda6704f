"""The files of results: Parquet with one schema, or JSON Lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from ..data.found import with_found
from ..data.textfiles import to_json_line
from .columns import plain_schema, to_records, to_table
from .job import Job

_ROWS_OF_A_GROUP = 10_000
_BYTES_OF_A_GROUP = 1 << 26


class Writer(Protocol):
    """What results are written by."""

    def write(self, rows: Any, found: Sequence[Mapping[str, Any]]) -> None:
        """Add rows, a table or records, with what was found in each."""


@contextmanager
def open_writer(job: Job, stream: BinaryIO) -> Iterator[Writer]:
    """A writer to a stream; what it holds back is written when the block is left without an error."""
    if job.format == "jsonl":
        yield _JsonLines(stream)
        return
    writer = _Parquet(stream, job.schema)
    try:
        yield writer
    except BaseException:
        writer.abandon()
        raise
    writer.close()


class _JsonLines:
    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, rows: Any, found: Sequence[Mapping[str, Any]]) -> None:
        records = to_records(rows) if isinstance(rows, pa.Table) else rows
        for record, one in zip(records, found, strict=True):
            if "error" in record and "error" not in one:  # of the input: the field says here that something is wrong
                record = with_found(record, {"error": None})
                del record["error"]
            self._stream.write(to_json_line(with_found(record, one)).encode() + b"\n")


class _Parquet:
    """Rows are held back until there are enough for a row group."""

    def __init__(self, stream: BinaryIO, schema: pa.Schema) -> None:
        self._schema = schema
        self._writer = pq.ParquetWriter(stream, plain_schema(schema), compression="zstd")
        self._waiting: list[pa.Table] = []
        self._rows = self._bytes = 0

    def write(self, rows: Any, found: Sequence[Mapping[str, Any]]) -> None:
        table = to_table(rows, found, self._schema)
        self._waiting.append(table)
        self._rows += table.num_rows
        self._bytes += table.nbytes
        if self._rows >= _ROWS_OF_A_GROUP or self._bytes >= _BYTES_OF_A_GROUP:
            self._write_group()

    def close(self) -> None:
        if self._waiting:
            self._write_group()
        self._writer.close()

    def abandon(self) -> None:
        """Close what nobody will read: it would close itself later, when the stream is gone."""
        with suppress(Exception):
            self._writer.close()

    def _write_group(self) -> None:
        self._writer.write_table(pa.concat_tables(self._waiting))
        self._waiting.clear()
        self._rows = self._bytes = 0
