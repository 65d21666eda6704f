"""What was found, as DuckDB reads it: one view over all files, and tables of the mentions in them.

Nothing of the texts is kept: what they are needed for is computed while they are read. JSON Lines, which are slow to
parse, become Parquet files first, in the folder of what does not fit into memory.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from ..data.faults import Fault
from ..data.textfiles import read_lines
from ..model.messages import must, must_be
from .database import duckdb_module, only_row, quoted
from .found_files import FoundFile, json_rows, parquet_columns, parquet_signature

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MACROS = """
CREATE MACRO by_tokens(text, tokens, entities) AS
    tokens IS NOT NULL AND (text IS NULL OR len(list_filter(entities, lambda e: e."start" IS NULL)) > 0);
CREATE MACRO place_of_token(tokens, number) AS
    length(array_to_string(tokens[:number], ' ')) + (number > 0)::INTEGER;
CREATE MACRO place_of(words, tokens, entity) AS
    CASE WHEN words THEN place_of_token(tokens, entity.token_start) ELSE entity."start" END;
CREATE MACRO start_of(words, entity) AS CASE WHEN words THEN entity.token_start ELSE entity."start" END;
CREATE MACRO end_of(words, entity) AS CASE WHEN words THEN entity.token_end ELSE entity."end" END;
CREATE MACRO is_wrong_entity(e, words, length) AS
    e IS NULL OR e.type IS NULL OR e.text IS NULL OR start_of(words, e) IS NULL OR end_of(words, e) IS NULL
    OR start_of(words, e) < 0 OR end_of(words, e) <= start_of(words, e) OR end_of(words, e) > length
    OR NOT coalesce(e.score, 1) BETWEEN 0 AND 1;
CREATE MACRO is_wrong_relation(r, entities) AS
    r IS NULL OR r.type IS NULL OR r.head IS NULL OR r.tail IS NULL OR r.head < 0 OR r.tail < 0
    OR r.head >= len(entities) OR r.tail >= len(entities) OR NOT coalesce(r.score, 1) BETWEEN 0 AND 1;
"""
"""Where entities are, and what is wrong. Words that were given instead of a text are read with a blank between them."""

_FILE = "CREATE TABLE file (path VARCHAR, source VARCHAR, name VARCHAR, number BIGINT, first BIGINT)"
"""`path`: what is read, `source`: what was given, `first`: the number of its first row among those of all files."""

_VIEW = """
CREATE VIEW found_row AS
SELECT file.number AS file, file.first + file_row_number AS record, file_row_number AS "row",
    coalesce(id, file.name || ':' || (file_row_number + 1)) AS document,
    by_tokens(text, tokens, entities) AS words, tokens, entities, relations, error,
    CASE WHEN by_tokens(text, tokens, entities) THEN array_to_string(tokens, ' ') ELSE text END AS text,
    CASE WHEN by_tokens(text, tokens, entities) THEN len(tokens) ELSE length(text) END AS length
FROM ({groups}) AS rows JOIN file ON file.path = rows.filename
"""

_GROUP = (
    "SELECT filename, file_row_number, {columns} FROM read_parquet([{files}], filename = true, file_row_number = true)"
)

_WRONG_ROW = """
SELECT file.source, "row", text, tokens, entities, relations, words, length
FROM found_row JOIN file ON file.number = found_row.file
WHERE error IS NULL AND (
    entities IS NULL OR relations IS NULL OR length IS NULL
    OR len(list_filter(entities, lambda e: is_wrong_entity(e, words, length))) > 0
    OR len(list_filter(relations, lambda r: is_wrong_relation(r, entities))) > 0
)
ORDER BY file.number, "row" LIMIT 1
"""

_TABLES = r"""
CREATE TABLE record AS SELECT record, document AS name FROM found_row WHERE error IS NULL;

CREATE TABLE mention AS
SELECT record, e.type, e.text, coalesce(e.score, 1) AS score
FROM (SELECT record, unnest(entities) AS e FROM found_row WHERE error IS NULL);

CREATE TABLE definition AS
WITH rows AS (
    SELECT * FROM found_row WHERE error IS NULL AND contains(text, '(') AND len(entities) > 0
),
parts AS (
    SELECT record, unnest(parts) AS part, generate_subscripts(parts, 1) AS number
    FROM (SELECT record, string_split(text, '(') AS parts FROM rows)
),
brackets AS (
    SELECT record, part AS before, lead(part) OVER in_text AS inside, sum(length(part) + 1) OVER in_text - 1 AS place
    FROM parts WINDOW in_text AS (PARTITION BY record ORDER BY number)
),
mentions AS (
    SELECT record, e.type AS type, e.text AS text, place_of(words, tokens, e) AS place
    FROM (SELECT record, words, tokens, unnest(entities) AS e FROM rows)
)
SELECT DISTINCT record, type, text AS long, short FROM (
    SELECT record, m.type, m.text, regexp_extract(inside, '^\s*([^()]*?)\s*\)', 1) AS short
    FROM brackets AS b JOIN mentions AS m USING (record)
    WHERE m.place + length(m.text) = b.place - length(before) + length(rtrim(before))
    UNION ALL
    SELECT record, m.type, m.text, regexp_extract(before, '([^\s()]+)\s*$', 1) AS short
    FROM brackets AS b JOIN mentions AS m USING (record)
    WHERE m.place = b.place + 1 + length(inside) - length(ltrim(inside))
        AND regexp_extract(inside, '^\s*([^()]*?)\s*\)', 1) = m.text
)
WHERE length(short) BETWEEN 2 AND 12;
"""
"""`record` names the document of each row. `definition` has the short form that stands beside a mention, in brackets or
before them: a text is cut at its opening brackets, and mentions that end before one, or fill a pair, are joined by
their place."""


def read_found(
    connection: DuckDBPyConnection, files: Sequence[FoundFile], work: Path, id_column: str | None = None
) -> dict[str, int]:
    """Make the view `found_row` and the tables `file`, `record`, `mention` and `definition`.

    Args:
        connection: an empty data base.
        files: what is read.
        work: a folder for what JSON Lines become.
        id_column: the column with the documents' names.

    Returns:
        Counts: `files`, `records`, and those that were `skipped` as they have an error.

    Raises:
        ValueError: a file cannot be read, or a row is wrong; the message names the file and the row.
    """
    connection.execute(_MACROS + _FILE)
    groups: dict[tuple[str, ...], tuple[str, list[str]]] = {}
    first = 0
    for number, file in enumerate(files):
        with _named_faults(file):
            path = file.path if file.is_parquet else _converted(connection, file, work / f"{number}.parquet", id_column)
            read = FoundFile(path, f"{number}.parquet") if path != file.path else file
            signature = parquet_signature(connection, read)
            if signature not in groups:
                columns = parquet_columns(connection, read, id_column if read is file else None)
                groups[signature] = (columns, [])
            groups[signature][1].append(quoted(path))
            (rows,) = only_row(connection, f"SELECT sum(num_rows) FROM parquet_file_metadata({quoted(path)})")
        connection.execute(
            "INSERT INTO file VALUES (?, ?, ?, ?, ?)", [str(path), str(file.path), file.name, number, first]
        )
        first += rows
    each = [_GROUP.format(columns=columns, files=", ".join(paths)) for columns, paths in groups.values()]
    connection.execute(_VIEW.format(groups=" UNION ALL ".join(each)))
    _check_rows(connection, files)
    connection.execute(_TABLES)
    (kept,) = only_row(connection, "SELECT count(*) FROM record")
    return {"files": len(files), "records": first, "skipped": first - kept}


def _converted(connection: DuckDBPyConnection, file: FoundFile, path: Path, id_column: str | None) -> Path:
    """Write JSON Lines as a Parquet file, in the same order.

    Raises:
        ValueError: no row has the column with the documents' names.
    """
    connection.execute(f"COPY ({json_rows(file, id_column)}) TO {quoted(path)} (FORMAT parquet, COMPRESSION lz4_raw)")
    rows, named = only_row(connection, f"SELECT count(*), count(id) FROM read_parquet({quoted(path)})")
    if id_column is not None and rows and not named:
        raise ValueError(must_be("--id-column", f"a field of the rows of {file.path}", repr(id_column)))
    return path


def _check_rows(connection: DuckDBPyConnection, files: Sequence[FoundFile]) -> None:
    """Check all rows.

    Raises:
        ValueError: one is wrong, or a file cannot be read to its end.
    """
    duckdb = duckdb_module()
    try:
        wrong = connection.execute(_WRONG_ROW).fetchall()
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        for file in files:  # DuckDB does not always say which file it was
            if file.is_parquet:
                with _named_faults(file):
                    rows = f"SELECT * FROM read_parquet({quoted(file.path)})"
                    connection.execute(f"SELECT count(hash(COLUMNS(*))) FROM ({rows})").fetchall()
        raise
    for path, row, *values in wrong:
        raise ValueError(f"{path}: row {row + 1}: {_fault(*values)}")


def _fault(
    text: str | None,
    tokens: list[str] | None,
    entities: list[dict[str, Any] | None] | None,
    relations: list[dict[str, Any] | None] | None,
    words: bool,
    length: int | None,
) -> str:
    """Say what is wrong with a row."""
    if entities is None or relations is None:
        given = "neither" if entities is relations else "relations only" if entities is None else "entities only"
        return must("", "have entities and relations, or an error", given)
    if text is None and tokens is None:
        return must("", "have a text or tokens", "neither")
    start, end = ("token_start", "token_end") if words else ("start", "end")
    for number, entity in enumerate(entities):
        fault = _entity_fault(entity, start, end, length or 0)
        if fault:
            return f"entities[{number}]{fault}"
    for number, relation in enumerate(relations):
        fault = _relation_fault(relation, len(entities))
        if fault:
            return f"relations[{number}]{fault}"
    return must("", "be as `spert-hf extract` writes it")


def _entity_fault(entity: dict[str, Any] | None, start: str, end: str, length: int) -> str | None:
    if entity is None or entity["type"] is None or entity["text"] is None:
        return f" {must('', 'have a type and a text')}"
    if entity[start] is None or entity[end] is None:
        return f" {must('', f'have {start} and {end}')}"
    if not 0 <= entity[start] < entity[end] <= length:
        unit = "token" if start == "token_start" else "character"
        allowed = f"a range within the {length:,} {unit}s that there are"
        return must_be(f": {start}, {end}", allowed, f"{entity[start]}, {entity[end]}")
    return _score_fault(entity)


def _relation_fault(relation: dict[str, Any] | None, entities: int) -> str | None:
    if relation is None or relation["type"] is None:
        return f" {must('', 'have a type')}"
    for name in ("head", "tail"):
        value = relation[name]
        if value is None or not 0 <= value < entities:
            return must_be(f": {name}", f"the place of one of the {entities:,} entities, from 0", repr(value))
    return _score_fault(relation)


def _score_fault(item: dict[str, Any]) -> str | None:
    score = item["score"]
    return None if score is None or 0 <= score <= 1 else must_be(": score", "a number from 0 to 1", str(score))


@contextmanager
def _named_faults(file: FoundFile) -> Iterator[None]:
    """Say in one line which file DuckDB cannot read, and why.

    Raises:
        ValueError: instead of DuckDB's error.
    """
    duckdb = duckdb_module()
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise ValueError(_unreadable(file, error)) from error


def _unreadable(file: FoundFile, error: Exception) -> str:
    kind = "Parquet" if file.is_parquet else "JSON Lines"
    place = None if file.is_parquet else _broken_line(file)
    if place is not None:
        return must_be(f"{file.path}: line {place[0]}", "JSON", place[1])
    said = " ".join(str(error).partition("\nTry ")[0].split())
    return must_be(str(file.path), f"a whole {kind} file as `spert-hf extract` writes it", said)


def _broken_line(file: FoundFile) -> tuple[int, str] | None:
    """The first line of a file that is not JSON, with what is wrong; DuckDB names the line after it."""
    if file.name.lower().endswith(".zst"):
        return None
    opened = gzip.open if file.name.lower().endswith(".gz") else open
    with suppress(OSError, EOFError, zlib.error), opened(file.path, "rb") as stream:
        for line in read_lines(cast(BinaryIO, stream)):
            if isinstance(line.content, Fault):
                return line.number, line.content.given
            if line.content.strip():
                try:
                    json.loads(line.content)
                except (ValueError, RecursionError) as error:
                    return line.number, str(error)
    return None
