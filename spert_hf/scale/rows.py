"""The rows of a shard, in the groups that the pipeline computes together."""

from __future__ import annotations

import io
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from ..data.faults import DocumentError, Fault, LocatedFault, Location, is_text, list_names, short_repr
from ..data.inputs import FaultyRecord, scan_json_list, scan_records
from ..data.textfiles import LARGEST_JSON_LIST, decode, foreign_format, parse_json, read_lines
from ..model.extraction import read_ahead
from ..model.messages import must_be
from .job import Job
from .parquet_input import read_rows
from .shards import Shard
from .stores import open_input

if TYPE_CHECKING:
    import pyarrow as pa

_SUFFIXES = {"jsonl": ".jsonl", "csv": ".csv", "txt": ".txt"}
_JSON = "a JSON list, or JSON Lines, of objects with text or tokens"
_BOM = "\ufeff"


@dataclass(slots=True)
class Group:
    """Rows that are computed together.

    Attributes:
        inputs: The text or the words of each row, `None` where there is none.
        errors: What is wrong with each row, `None` where nothing is.
        rows: The rows, to be passed through: records, or a table of Arrow.
    """

    inputs: list[str | list[str] | None]
    errors: list[str | None]
    rows: list[dict[str, Any]] | pa.Table


def read_groups(job: Job, shard: Shard) -> Iterator[Group]:
    """Read a shard in groups, one at a time.

    Groups end where they do in a run over one file, so that the same texts share a batch.

    Raises:
        ValueError: The file cannot be read on: it is damaged, cut off, of another format, or lacks a column.
    """
    try:
        yield from _table_groups(job, shard) if shard.kind == "parquet" else _record_groups(job, shard)
    except OSError as error:
        raise ValueError(f"{shard.source} cannot be read: {error}") from error


def read_records(job: Job, shard: Shard) -> Generator[dict[str, Any] | list[LocatedFault], None, None]:
    """The records of a shard that is no Parquet file, with the faults of an unreadable one in its stead.

    Raises:
        ValueError: The file cannot be read on.
        OSError: It cannot be read.
    """
    source = shard.source if not shard.start else f"{shard.source} from byte {shard.start:,}"
    with open_input(shard.source, job.token) as stream:
        if shard.kind == "json":
            yield from _scan_json(stream, source, job.text_column)
            return
        lines = read_lines(cast(BinaryIO, _Part(_decompressed(stream, shard.compression), shard.start, shard.stop)))
        try:
            yield from scan_records(lines, _SUFFIXES[shard.kind], source, job.text_column)
        except OSError as error:
            if shard.compression is None:
                raise
            raise ValueError(f"{shard.source} is damaged or cut off: {error}") from error


class _Part:
    """The lines of a stream that begin in a range of bytes.

    Args:
        stream: One that can be read by lines and, for a start other than 0, be sought in.
        start: The first byte; a line that begins before it is not given.
        stop: The byte from which on lines are not given any more.
    """

    def __init__(self, stream: BinaryIO, start: int, stop: int | None) -> None:
        self._stream, self._stop, self._at = stream, stop, start
        if start:
            stream.seek(start - 1)
            self._at -= 1
            while (data := self.readline(1 << 20)) and not data.endswith(b"\n"):
                pass

    def readline(self, limit: int = -1) -> bytes:
        """The next line; nothing at the end of the range."""
        if self._stop is not None and self._at >= self._stop:
            return b""
        data = self._stream.readline(limit)
        self._at += len(data)
        return data


def _decompressed(stream: BinaryIO, compression: str | None) -> BinaryIO:
    if compression is None:
        return stream
    import pyarrow as pa

    return cast(BinaryIO, io.BufferedReader(cast(Any, pa.CompressedInputStream(stream, compression))))


def _scan_json(stream: BinaryIO, source: str, text_column: str | None) -> Iterator[dict[str, Any] | list[LocatedFault]]:
    """A `.json` file: a list, or JSON Lines, as data sets on the Hub name them so, too."""
    data = stream.read(LARGEST_JSON_LIST + 1)
    place = Location(source)
    if len(data) > LARGEST_JSON_LIST:
        fault = Fault("", "a longer one; JSON Lines may be of any size", f"at most {LARGEST_JSON_LIST:,} bytes long")
        raise DocumentError([LocatedFault(place, fault)])
    text = foreign_format(data) or decode(data)
    if isinstance(text, Fault):
        raise DocumentError([LocatedFault(place, text)])
    text = text.removeprefix(_BOM)
    if text.lstrip().startswith("{"):
        yield from scan_records(read_lines(io.BytesIO(data)), ".jsonl", source, text_column)
        return
    items = parse_json(text, place, _JSON, exact=True)
    if not isinstance(items, list):
        other = LocatedFault(place, Fault("", short_repr(items), _JSON))
        raise DocumentError([items if isinstance(items, LocatedFault) else other])
    yield from scan_json_list(items, source, text_column)


def _record_groups(job: Job, shard: Shard) -> Iterator[Group]:
    with closing(read_records(job, shard)) as records:
        for group in read_ahead(enumerate(_with_faults(records, job.id_column)), job.batch_size):
            rows, errors = [], []
            for _, record in group:
                errors.append(record.pop(_ERROR, None))
                rows.append(record)
            inputs = [
                None if error is not None else row["tokens"] if "tokens" in row else row["text"]
                for row, error in zip(rows, errors, strict=True)
            ]
            yield Group(inputs, errors, rows)


_ERROR = object()
"""The key of what is wrong with a record, which no record has."""


def _with_faults(
    records: Iterable[dict[str, Any] | list[LocatedFault]], id_column: str | None
) -> Iterator[dict[Any, Any]]:
    row: dict[Any, Any]
    for record in records:
        if isinstance(record, list):
            others = record.others if isinstance(record, FaultyRecord) else {}
            row = others if id_column is None else with_id(others, id_column)
            yield {**row, _ERROR: "; ".join(map(str, record))}
            continue
        row = record
        if id_column is not None:
            fault = id_fault(record, id_column)
            row = with_id(record, id_column) | ({} if fault is None else {_ERROR: fault})
        yield row


def id_fault(record: Mapping[str, Any], id_column: str) -> str | None:
    """What is wrong with the id of a record, `None` if nothing is."""
    given = record.get(id_column)
    if isinstance(given, (str, int)) and not isinstance(given, bool):
        return None
    there = short_repr(given) if id_column in record else f"nothing (the record has {list_names([*map(repr, record)])})"
    return must_be(id_column, "a string or an integer", there)


def with_id(row: Mapping[Any, Any], id_column: str) -> dict[Any, Any]:
    """The row with its column of ids called `id`; one of that name already becomes `given_id`."""
    if id_column == "id":
        return dict(row)
    names = {"id": "given_id", id_column: "id"}
    return {names.get(name, name): value for name, value in row.items()}


def _table_groups(job: Job, shard: Shard) -> Iterator[Group]:
    import pyarrow as pa

    from .columns import find_text_column, rename_columns

    waiting: list[pa.Table] = []

    def texts() -> Iterator[Any]:
        for table in read_rows(shard.source, shard.start, shard.stop, job.token):
            column = find_text_column(table.schema, job.text_column, shard.source)
            waiting.append(rename_columns(table, job.text_column, job.id_column, shard.source))
            for value in table.column(column).to_pylist():
                yield {"tokens" if isinstance(value, list) else "text": value}

    for group in read_ahead(enumerate(texts()), job.batch_size):
        table = pa.concat_tables(waiting)
        waiting[:] = [table.slice(len(group))]
        inputs = [next(iter(item.values())) for _, item in group]
        errors = [_text_fault(value) for value in inputs]
        readable = [None if error else value for value, error in zip(inputs, errors, strict=True)]
        yield Group(readable, errors, table.slice(0, len(group)))


def _text_fault(value: Any) -> str | None:
    if is_text(value) or (isinstance(value, list) and all(map(is_text, value))):
        return None
    return must_be("text", "a string or a list of strings", short_repr(value))
