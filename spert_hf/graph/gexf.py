"""The graph as GEXF, Gephi's own format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..data.type_colours import LINE, colour, type_hues
from ..files.atomic import write_atomically
from .flat_rows import ENTITY_COLUMNS, RELATION_COLUMNS, flat_entity, flat_relation
from .formats import WriterOptions
from .graph_rows import each_row, types_of
from .schema import ENTITIES, RELATIONS
from .xml_text import present, xml_text, xml_value

_TYPES = {str: "string", int: "long", float: "double", bool: "boolean"}
_HEAD = """\
<?xml version="1.0" encoding="UTF-8"?>
<gexf xmlns="http://www.gexf.net/1.2draft" xmlns:viz="http://www.gexf.net/1.2draft/viz" version="1.2">
<meta><creator>spert-hf</creator><description>{title}</description></meta>
<graph defaultedgetype="directed" mode="static">
"""


def write(folder: Path, target: Path, options: WriterOptions) -> None:
    """Write a GEXF file, a row at a time.

    Nodes are entities, `n` and their id, with their name as label and the colour of their type; edges are relations
    from head to tail, `e` and their id, with their type as label and the number of documents as weight.

    Args:
        folder: with the graph's Parquet files.
        target: the file; it appears whole or not at all.
        options: its title is the file's description.

    Raises:
        OSError: the files cannot be read, or the target not be written.
    """
    write_atomically(target, _parts(folder, options))


def _parts(folder: Path, options: WriterOptions) -> Iterator[str]:
    yield _HEAD.format(title=xml_text(options.title))
    yield from _attributes("node", ENTITY_COLUMNS)
    yield from _attributes("edge", RELATION_COLUMNS)
    hues, relation_hues = type_hues(types_of(folder, ENTITIES), types_of(folder, RELATIONS))
    paints = {name: _paint(hue) for name, hue in hues.items()}
    relation_paints = {name: _paint(hue) for name, hue in relation_hues.items()}
    yield "<nodes>\n"
    for row in each_row(folder, ENTITIES):
        values = _values(ENTITY_COLUMNS, flat_entity(row))
        label = xml_text(row["name"])
        yield f'<node id="n{row["id"]}" label="{label}">{values}{paints[row["type"]]}</node>\n'
    yield "</nodes>\n<edges>\n"
    for row in each_row(folder, RELATIONS):
        values = _values(RELATION_COLUMNS, flat_relation(row))
        ends = f'source="n{row["head"]}" target="n{row["tail"]}" weight="{float(row["documents"])!r}"'
        label = xml_text(row["type"])
        yield f'<edge id="e{row["id"]}" {ends} label="{label}">{values}{relation_paints[row["type"]]}</edge>\n'
    yield "</edges>\n</graph>\n</gexf>\n"


def _attributes(kind: str, columns: Mapping[str, type]) -> Iterator[str]:
    yield f'<attributes class="{kind}" mode="static">\n'
    for name, python_type in columns.items():
        yield f'<attribute id="{name}" title="{name}" type="{_TYPES[python_type]}"/>\n'
    yield "</attributes>\n"


def _values(columns: Mapping[str, type], row: Mapping[str, Any]) -> str:
    values = "".join(f'<attvalue for="{name}" value="{xml_value(value)}"/>' for name, value in present(row))
    return f"<attvalues>{values}</attvalues>"


def _paint(hue: float) -> str:
    red, green, blue = bytes.fromhex(colour(LINE, hue)[1:])
    return f'<viz:color r="{red}" g="{green}" b="{blue}"/>'
