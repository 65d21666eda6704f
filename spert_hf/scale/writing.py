"""The files of results: Parquet with one schema, or JSON Lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO, Protocol

from ..data.found import with_found
from ..data.textfiles import to_json_line
from .job import Job


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
    from .parquet_output import ParquetWriter

    writer = ParquetWriter(stream, job.schema)
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
        for record, one in zip(_records_of(rows), found, strict=True):
            if "error" in record and "error" not in one:  # of the input: the field says here that something is wrong
                record = with_found(record, {"error": None})
                del record["error"]
            self._stream.write(to_json_line(with_found(record, one)).encode() + b"\n")


def _records_of(rows: Any) -> Sequence[Mapping[str, Any]]:
    """The records of a table, or records as they are, for which nothing of pyarrow is needed."""
    if isinstance(rows, list):
        return rows
    from .columns import to_records

    return to_records(rows)
