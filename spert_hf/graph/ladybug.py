"""The graph as a data base file of Ladybug, which answers Cypher without a server."""

from __future__ import annotations

from glob import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..files.atomic import replacing
from ..model.words import import_extra
from .formats import WriterOptions
from .schema import ENTITIES, RELATIONS, TABLES

_BUFFER = 1 << 30
"""Bytes that the data base keeps of its pages, at most."""
_AS_CYPHER = {"VARCHAR": "STRING", "BIGINT": "INT64"}


def write(folder: Path, target: Path, options: WriterOptions) -> None:
    """Write a data base with the nodes `Entity` and the relationships `Relation`, whose `type` is a property.

    Args:
        folder: with the graph's Parquet files.
        target: the file; it appears whole or not at all.
        options: its `threads` are Ladybug's, too.

    Raises:
        ValueError: ladybug is not installed.
        OSError: the files cannot be read, or the target not be written.
    """
    library = import_extra("ladybug", f"--format {options.format}", "graph")
    # Logs and shadow files of the data base lie beside it, under names of their own.
    with replacing(target) as beside, TemporaryDirectory(dir=beside.parent, prefix=f".{target.name}.") as room:
        unfinished = Path(room, "graph")
        try:
            _fill(library, unfinished, folder, options.threads or 0)
        except RuntimeError as error:
            raise OSError(f"{target}: could not be written: {error}") from error
        unfinished.replace(beside)


def _fill(library: Any, path: Path, folder: Path, threads: int) -> None:
    database = library.Database(str(path), buffer_pool_size=_BUFFER, max_num_threads=threads)
    try:
        connection = library.Connection(database)
        try:
            for statement in _statements(folder):
                connection.execute(statement)
        finally:
            connection.close()
    finally:
        database.close()


def _statements(folder: Path) -> list[str]:
    relation = {name: kind for name, kind in TABLES[RELATIONS].items() if name not in ("head", "tail")}
    entities, relations = _quoted(folder / ENTITIES), _quoted(folder / RELATIONS)
    columns = ", ".join(("head", "tail", *relation))
    return [
        f"CREATE NODE TABLE Entity({_columns(TABLES[ENTITIES])}, PRIMARY KEY(id))",
        f"CREATE REL TABLE Relation(FROM Entity TO Entity, {_columns(relation)})",
        f"COPY Entity FROM (LOAD FROM {entities} RETURN {', '.join(TABLES[ENTITIES])})",
        f"COPY Relation FROM (LOAD FROM {relations} RETURN {columns})",
        "CHECKPOINT",
    ]


def _columns(columns: Any) -> str:
    declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    for name, cypher in _AS_CYPHER.items():
        declared = declared.replace(name, cypher)
    return declared


def _quoted(path: Path) -> str:
    """A path as a text of Cypher that is no pattern of paths."""
    return "'" + escape(str(path)).replace("\\", "\\\\").replace("'", "\\'") + "'"
