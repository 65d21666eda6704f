"""Parquet files of a corpus: their footers, and ranges of their rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .sources import Source
from .stores import is_url, open_input

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_AT_ONCE = 1024
_REQUESTS_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Footer:
    """What a Parquet file says of itself: its columns, and how many rows each of its row groups has."""

    schema: pa.Schema
    group_sizes: tuple[int, ...]


def require_pyarrow(asked: str) -> None:
    """Check that pyarrow is installed.

    Args:
        asked: What needs it, for the message.

    Raises:
        ImportError: It is not.
    """
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise ImportError(f"{asked} needs the package pyarrow: pip install pyarrow ({error})") from error


def read_footers(sources: Sequence[Source], token: str | None = None) -> list[Footer | None]:
    """The footers of the Parquet files among the sources, `None` for the others.

    Raises:
        ValueError: A file is no Parquet, or damaged.
        OSError: It cannot be read.
        ImportError: pyarrow is not installed.
    """
    for source in sources:
        if source.kind == "parquet":
            require_pyarrow(source.path)
            break

    def read(source: Source) -> Footer | None:
        return _read_footer(source.path, token) if source.kind == "parquet" else None

    if not any(is_url(source.path) for source in sources):
        return [read(source) for source in sources]
    with ThreadPoolExecutor(_REQUESTS_AT_ONCE) as threads:
        return list(threads.map(read, sources))


def read_rows(path: str, start: int, stop: int | None, token: str | None = None) -> Iterator[pa.Table]:
    """The rows of a range, some at a time; row groups outside it are not read.

    Raises:
        ValueError: The file is damaged.
        OSError: It cannot be read.
    """
    import pyarrow as pa

    with _opened(path, token) as file:
        group_sizes = _group_sizes(file)
        stop = sum(group_sizes) if stop is None else stop
        at = 0
        for group, rows in enumerate(group_sizes):
            if at < stop and at + rows > start:
                for batch in _batches(file, group, path):
                    first, last = max(start - at, 0), min(stop - at, batch.num_rows)
                    if first < last:
                        yield pa.Table.from_batches([batch.slice(first, last - first)])
                    at += batch.num_rows
            else:
                at += rows


def _batches(file: Any, group: int, path: str) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    try:
        yield from file.iter_batches(batch_size=_ROWS_AT_ONCE, row_groups=[group])
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from error


def _read_footer(path: str, token: str | None) -> Footer:
    with _opened(path, token) as file:
        return Footer(file.schema_arrow.remove_metadata(), _group_sizes(file))


def _group_sizes(file: Any) -> tuple[int, ...]:
    return tuple(file.metadata.row_group(group).num_rows for group in range(file.metadata.num_row_groups))


@contextmanager
def _opened(path: str, token: str | None) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with open_input(path, token) as stream:
        try:
            file = pq.ParquetFile(stream)
        except (pa.ArrowException, OSError) as error:
            raise _damaged(path, error) from error
        yield file


def _damaged(path: str, error: Exception) -> ValueError:
    reason = str(error).strip().partition("\n")[0]
    return ValueError(f"{path} cannot be read as Parquet, perhaps because it is cut off: {reason}")
