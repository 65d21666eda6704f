"""The graph as GraphML, which Gephi, Cytoscape, yEd, igraph and networkx read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..files.atomic import write_atomically
from .flat_rows import ENTITY_COLUMNS, RELATION_COLUMNS, flat_entity, flat_relation
from .formats import WriterOptions
from .graph_rows import each_row
from .schema import ENTITIES, RELATIONS
from .xml_text import present, xml_value

_TYPES = {str: "string", int: "long", float: "double", bool: "boolean"}
_HEAD = """\
<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
"""


def write(folder: Path, target: Path, options: WriterOptions) -> None:
    """Write a GraphML file, a row at a time.

    Nodes are entities, `n` and their id, with their name as `label`; edges are relations from head to tail, `e` and
    their id, with the number of documents as `weight`.

    Args:
        folder: with the graph's Parquet files.
        target: the file; it appears whole or not at all.
        options: none of them says anything about this format.

    Raises:
        OSError: the files cannot be read, or the target not be written.
    """
    write_atomically(target, _parts(folder))


def _parts(folder: Path) -> Iterator[str]:
    yield _HEAD
    yield from _keys("node", {"label": str, **ENTITY_COLUMNS})
    yield from _keys("edge", {"label": str, "weight": float, **RELATION_COLUMNS})
    yield '<graph id="G" edgedefault="directed">\n'
    for row in each_row(folder, ENTITIES):
        data = _data("node", {"label": row["name"], **flat_entity(row)})
        yield f'<node id="n{row["id"]}">{data}</node>\n'
    for row in each_row(folder, RELATIONS):
        data = _data("edge", {"label": row["type"], "weight": float(row["documents"]), **flat_relation(row)})
        yield f'<edge id="e{row["id"]}" source="n{row["head"]}" target="n{row["tail"]}">{data}</edge>\n'
    yield "</graph>\n</graphml>\n"


def _keys(kind: str, columns: Mapping[str, type]) -> Iterator[str]:
    for name, python_type in columns.items():
        declared = f'attr.name="{name}" attr.type="{_TYPES[python_type]}"'
        yield f'<key id="{kind}_{name}" for="{kind}" {declared}/>\n'


def _data(kind: str, values: Mapping[str, Any]) -> str:
    return "".join(f'<data key="{kind}_{name}">{xml_value(value)}</data>' for name, value in present(values))
