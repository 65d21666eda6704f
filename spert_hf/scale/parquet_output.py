"""Results in Parquet, with one schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from .columns import plain_schema, to_table

_ROWS_OF_A_GROUP = 10_000
_BYTES_OF_A_GROUP = 1 << 26


class ParquetWriter:
    """Writes results to Parquet; rows are held back until there are enough for a row group.

    Args:
        stream: What is written to.
        schema: Of the columns that are passed through, and of the results.
    """

    def __init__(self, stream: BinaryIO, schema: pa.Schema) -> None:
        self._schema = schema
        self._writer = pq.ParquetWriter(stream, plain_schema(schema), compression="zstd")
        self._waiting: list[pa.Table] = []
        self._rows = self._bytes = 0

    def write(self, rows: Any, found: Sequence[Mapping[str, Any]]) -> None:
        """Add rows, a table or records, with what was found in each."""
        table = to_table(rows, found, self._schema)
        self._waiting.append(table)
        self._rows += table.num_rows
        self._bytes += table.nbytes
        if self._rows >= _ROWS_OF_A_GROUP or self._bytes >= _BYTES_OF_A_GROUP:
            self._write_group()

    def close(self) -> None:
        """Write what is held back, and end the file."""
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
