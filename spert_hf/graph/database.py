"""DuckDB, which does the work: within the memory it is given, beyond that on disk, and with nothing from outside."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..cores import usable_cores
from ..model.messages import must_be
from ..model.words import import_extra

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY_OF_A_THREAD = 500
"""MB that DuckDB may take by default."""
_MEMORY = re.compile(r"\d+(\.\d+)? ?[KMGT]i?B", re.IGNORECASE)


def check_memory(option: str, given: str) -> str:
    """Check an amount of memory, such as `"500MB"`.

    Raises:
        ValueError: it is none.
    """
    if not _MEMORY.fullmatch(given):
        raise ValueError(must_be(option, "an amount of memory such as 500MB or 4GB", repr(given)))
    return given


def duckdb_module() -> Any:
    """Import DuckDB.

    Raises:
        ValueError: it is not installed; the message contains the command to install it.
    """
    return import_extra("duckdb", "a knowledge graph", "graph")


@contextmanager
def open_database(
    folder: Path, memory_limit: str | None = None, threads: int | None = None
) -> Iterator[DuckDBPyConnection]:
    """Open a data base in memory.

    Args:
        folder: what does not fit into memory is written to a hidden folder in it, which is removed at the end.
        memory_limit: what the data base may take, such as `"500MB"`; the process takes some 100 MB more. Default:
            500 MB for each thread.
        threads: default: all cores.

    Raises:
        ValueError: DuckDB is not installed.
    """
    settings: dict[str, Any] = {
        "memory_limit": memory_limit or f"{MEMORY_OF_A_THREAD * (threads or usable_cores())}MB",
        "temp_directory": str(folder / ".duckdb"),
        "autoinstall_known_extensions": False,
    }
    if threads is not None:
        settings["threads"] = threads
    connection = duckdb_module().connect(":memory:", config=settings)
    try:
        yield connection
    finally:
        connection.close()


def quoted(text: str | Path) -> str:
    """A text as a literal of SQL, for places that take no parameter."""
    return "'" + str(text).replace("'", "''") + "'"


def listed(texts: Iterable[str]) -> str:
    """Texts as what stands in the brackets of `IN (…)`, which must not be empty."""
    return ", ".join(map(quoted, texts)) or "NULL"


def only_row(connection: DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    """The row of a query that has one; all is fetched, as an open result blocks the connection."""
    (row,) = connection.execute(query).fetchall()
    return row


def keep_tables(connection: DuckDBPyConnection, names: Collection[str]) -> None:
    """Drop all tables but those of these names: what is not needed any more takes memory, or goes to disk and back."""
    for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall():
        if name not in names:
            connection.execute(f"DROP TABLE {name}")


@contextmanager
def joins_as_written(connection: DuckDBPyConnection) -> Iterator[None]:
    """Join tables in the order in which queries have them, so that the table behind `JOIN` is held in memory.

    DuckDB takes what is unnested for as few rows as it is unnested from, and would hold all of it.
    """
    connection.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
    try:
        yield
    finally:
        connection.execute("RESET disabled_optimizers")
