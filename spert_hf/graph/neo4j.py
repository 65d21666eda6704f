"""A graph as CSV files for `neo4j-admin database import`: entities and relations, each with a file of its header.

Names are quoted where need be, as Neo4j reads them by default; lists are separated by semicolons, which texts in lists
lose, and line ends become blanks, so that no option is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..files.new_folder import new_folder
from .database import open_database, quoted
from .formats import WriterOptions
from .schema import ENTITIES, RELATIONS

_MACROS = r"""
CREATE MACRO one_line(text) AS regexp_replace(text, '[\x00-\x20\x7f\x{85}\x{2028}\x{2029}]+', ' ', 'g');
CREATE MACRO in_list(text) AS replace(one_line(text), ';', ',');
"""

_ENTITIES = {
    "id:ID(Entity)": "id",
    "name:string": "one_line(name)",
    ":LABEL": "in_list(type)",
    "mentions:long": "mentions",
    "documents:long": "documents",
    "mean_score:double": "mean_score",
    "best_score:double": "best_score",
    "aliases:string[]": "array_to_string(list_transform(aliases, lambda a: in_list(a.text)), ';')",
}
_RELATIONS = {
    ":START_ID(Entity)": "head",
    ":END_ID(Entity)": "tail",
    ":TYPE": "one_line(type)",
    "id:long": "id",
    "documents:long": "documents",
    "mentions:long": "mentions",
    "mean_score:double": "mean_score",
    "best_score:double": "best_score",
    "symmetric:boolean": '"symmetric"',
    "sentences:string[]": "array_to_string(list_transform(evidence, lambda e: in_list(e.sentence)), ';')",
    "sources:string[]": "array_to_string(list_transform(evidence, lambda e: in_list(e.document)), ';')",
}
"""By the field of a header, what stands below it."""

COMMAND = (
    "neo4j-admin database import full neo4j"
    " --nodes=entities-header.csv,entities.csv --relationships=relations-header.csv,relations.csv"
)
"""What imports the files, in their folder."""


def write(folder: Path, target: Path, options: WriterOptions) -> None:
    """Write the files, and the command that imports them, as `import.txt`.

    Args:
        folder: has the three Parquet files.
        target: a new folder.
        options: see there.
    """
    with new_folder(target) as beside, open_database(beside, options.memory_limit, options.threads) as connection:
        connection.execute(_MACROS)
        for table, name, fields in ((ENTITIES, "entities", _ENTITIES), (RELATIONS, "relations", _RELATIONS)):
            header, query = beside / f"{name}-header.csv", _query(fields, folder / table)
            header.write_text(",".join(fields) + "\n", encoding="utf-8")
            settings = "FORMAT csv, HEADER false, QUOTE '\"', ESCAPE '\"'"
            connection.execute(f"COPY ({query}) TO {quoted(beside / f'{name}.csv')} ({settings})")
        (beside / "import.txt").write_text(f"{COMMAND}\n", encoding="utf-8")


def _query(fields: Mapping[str, str], table: Path) -> str:
    columns = ", ".join(f"{value} AS field_{number}" for number, value in enumerate(fields.values()))
    return f"SELECT {columns} FROM read_parquet({quoted(table)}) ORDER BY id"
