"""The files that a graph is made of: which they are, and what is in them."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..model.messages import must_be
from .database import quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PARQUET_ENDINGS = (".parquet",)
JSON_ENDINGS = tuple(f"{lines}{packed}" for lines in (".jsonl", ".ndjson") for packed in ("", ".gz", ".zst"))
ID_COLUMNS = ("id", "doc_id", "orig_id")
"""What documents are named by if no column is given: the first of these that is there."""

_ENDINGS = "a .parquet or .jsonl file (also .ndjson, and .jsonl.gz or .zst), or a folder of them"
_ENTITY = {
    "type": "VARCHAR",
    "score": "DOUBLE",
    "text": "VARCHAR",
    "start": "BIGINT",
    "end": "BIGINT",
    "token_start": "BIGINT",
    "token_end": "BIGINT",
}
_RELATION = {"type": "VARCHAR", "score": "DOUBLE", "head": "BIGINT", "tail": "BIGINT"}
_NEEDED = {"entities": ("type", "text"), "relations": ("type", "head", "tail")}
_INTEGERS = ("tinyint", "smallint", "integer", "bigint", "utinyint", "usmallint", "uinteger", "ubigint")
_NUMBERS = (*_INTEGERS, "float", "double", "decimal")
_NO_TYPE = ("null", "sqlnull")
"""What DuckDB calls the type of columns in which nothing is, from version 2 on and before."""


def _struct_list(fields: dict[str, str]) -> str:
    return f"STRUCT({', '.join(f'{quoted_name(name)} {type_}' for name, type_ in fields.items())})[]"


def quoted_name(name: str) -> str:
    """A column's name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True)
class FoundFile:
    """A file of what was found.

    Args:
        path: of the file.
        name: what documents without an id are named after.
    """

    path: Path
    name: str

    @property
    def is_parquet(self) -> bool:
        """Whether it is a Parquet file, and else JSON Lines."""
        return self.name.lower().endswith(PARQUET_ENDINGS)


def list_found(inputs: Sequence[str | Path]) -> list[FoundFile]:
    """List the files that are meant.

    Args:
        inputs: files, folders, which are searched with their sub-folders, and glob patterns. Hidden files and those of
            other formats, such as a manifest, are passed over in folders.

    Returns:
        Each file once, by name.

    Raises:
        ValueError: there is no such file, or a file of another format is named.
    """
    found: dict[str, FoundFile] = {}
    for given in map(str, inputs):
        matches = [given] if Path(given).exists() else sorted(glob.glob(given, recursive=True))  # noqa: PTH207
        files = [file for match in matches for file in _files_at(Path(match), is_named=match == given)]
        if not files:
            raise ValueError(must_be("FOUND", _ENDINGS, f"{given!r}, where there is none"))
        for file in files:
            found.setdefault(os.path.realpath(file.path), file)
    times = Counter(file.name for file in found.values())
    unique = [file if times[file.name] == 1 else replace(file, name=str(file.path)) for file in found.values()]
    return sorted(unique, key=lambda file: file.name)


def _files_at(path: Path, is_named: bool) -> Iterator[FoundFile]:
    if path.is_dir():
        for folder, folders, names in os.walk(path, followlinks=True):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                if not name.startswith(".") and _is_found(name):
                    file = Path(folder, name)
                    yield FoundFile(file, str(file.relative_to(path)))
    elif _is_found(path.name):
        yield FoundFile(path, path.name)
    elif is_named:
        raise ValueError(must_be("FOUND", _ENDINGS, repr(str(path))))


def _is_found(name: str) -> bool:
    return name.lower().endswith((*PARQUET_ENDINGS, *JSON_ENDINGS))


def json_rows(file: FoundFile, id_column: str | None) -> str:
    """Return a query for the rows of a JSON Lines file, in their order, as `parquet_rows` gives them: with `id`,
    `text`, `tokens`, `entities`, `relations` and `error`, which are null where a row does not have them.
    """
    ids = [id_column] if id_column else list(ID_COLUMNS)
    columns = {
        **dict.fromkeys(ids, "VARCHAR"),
        "text": "VARCHAR",
        "tokens": "VARCHAR[]",
        "error": "VARCHAR",
        "entities": _struct_list(_ENTITY),
        "relations": _struct_list(_RELATION),
    }
    typed = ", ".join(f"{quoted(name)}: {quoted(type_)}" for name, type_ in columns.items())
    return (
        f"SELECT coalesce({', '.join(map(quoted_name, ids))}, NULL) AS id, text, tokens, entities, relations, error "
        f"FROM read_json({quoted(file.path)}, format = 'newline_delimited', columns = {{{typed}}})"
    )


def parquet_columns(connection: DuckDBPyConnection, file: FoundFile, id_column: str | None) -> str:
    """Return what to select from a Parquet file, to have the columns that `json_rows` names.

    Args:
        connection: a data base.
        file: the file.
        id_column: the column with the documents' names; `None` for the first of [`ID_COLUMNS`] that a row has.

    Raises:
        ValueError: a column is missing or of another type.
    """
    rows = connection.sql(f"SELECT * FROM read_parquet({quoted(file.path)})")
    types = dict(zip(rows.columns, rows.types, strict=True))
    if id_column is not None and id_column not in types:
        raise ValueError(must_be("--id-column", f"a column of {file.path}", repr(id_column)))
    for name, needed in _NEEDED.items():
        _check_structs(file, name, types.get(name), needed)
    if not types.keys() & {"text", "tokens"}:
        raise ValueError(f"{file.path} must have a column 'text' or 'tokens', got {', '.join(map(repr, types))}")
    for name, allowed in (("text", "varchar"), ("tokens", "list")):
        if name in types and types[name].id not in (allowed, *_NO_TYPE):
            raise ValueError(must_be(f"{file.path}: column {name!r}", _ALLOWED[name], str(types[name])))
    ids = [id_column] if id_column else [name for name in ID_COLUMNS if name in types]
    names = [f"{quoted_name(name)}::VARCHAR" for name in ids]
    columns = {
        "id": f"coalesce({', '.join(names)})" if names else "NULL::VARCHAR",
        "text": "text::VARCHAR" if "text" in types else "NULL::VARCHAR",
        "tokens": "tokens::VARCHAR[]" if "tokens" in types else "NULL::VARCHAR[]",
        "entities": f"entities::{_struct_list(_ENTITY)}",
        "relations": f"relations::{_struct_list(_RELATION)}",
        "error": "error::VARCHAR" if "error" in types else "NULL::VARCHAR",
    }
    return ", ".join(f"{value} AS {name}" for name, value in columns.items())


def parquet_signature(connection: DuckDBPyConnection, file: FoundFile) -> tuple[str, ...]:
    """What files have in common that can be read together: the names and types of their columns."""
    rows = connection.sql(f"SELECT * FROM read_parquet({quoted(file.path)})")
    return (*rows.columns, *map(str, rows.types))


_ALLOWED = {"text": "texts", "tokens": "lists of texts"}


def _check_structs(file: FoundFile, column: str, type_: Any, needed: Sequence[str]) -> None:
    """Check that a column has lists of objects with fields of the right types; lists that are all empty have none."""
    field = f"{file.path}: column {column!r}"
    if type_ is None:
        raise ValueError(must_be(field, "there, as `spert-hf extract` writes it", "none"))
    allowed = f"lists of objects with {', '.join(needed)}"
    inner = dict(type_.children).get("child") if type_.id == "list" else None
    if inner is not None and inner.id in _NO_TYPE:
        return
    if inner is None or inner.id != "struct":
        raise ValueError(must_be(field, allowed, str(type_)))
    fields = dict(inner.children)
    for name in needed:
        if name not in fields:
            raise ValueError(must_be(field, allowed, f"none with {name}"))
    for name, wanted in (_ENTITY if column == "entities" else _RELATION).items():
        taken = {"VARCHAR": ("varchar", "enum"), "DOUBLE": _NUMBERS, "BIGINT": _INTEGERS}[wanted]
        if name in fields and fields[name].id not in (*taken, *_NO_TYPE):
            kind = {"VARCHAR": "texts", "DOUBLE": "numbers", "BIGINT": "integers"}[wanted]
            raise ValueError(must_be(f"{field}: {name}", kind, str(fields[name])))
