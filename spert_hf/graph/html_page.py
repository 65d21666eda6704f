"""The graph as one HTML page to look at and to send: nothing is loaded from elsewhere, and nothing sent."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ..evaluation.visible_text import visible
from ..files.atomic import write_atomically
from .formats import WriterOptions
from .graph_rows import count_rows, each_batch, each_row, types_of
from .page_script import page_script, page_styles
from .schema import ENTITIES, RELATIONS

MOST_RELATIONS = 5000
"""That a page holds: it can be moved about fluently, and sent."""

_OFFSETS = ("head_start", "head_end", "tail_start", "tail_end")
_ESCAPED = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"})


def write(folder: Path, target: Path, options: WriterOptions) -> None:
    """Write the page, with the best-supported relations, their entities and their evidence.

    Args:
        folder: with the graph's Parquet files.
        target: the file; it appears whole or not at all.
        options: its `title` is the page's.

    Raises:
        OSError: the files cannot be read, or the target not be written.
    """
    write_atomically(target, [render_page(folder, options.title)])


def render_page(folder: Path, title: str, most: int = MOST_RELATIONS) -> str:
    """The page's HTML.

    Args:
        folder: with the graph's Parquet files.
        title: its heading.
        most: relations that it holds at most.
    """
    data = _page_data(folder, most)
    script = page_script()
    environment = Environment(loader=PackageLoader("spert_hf.graph"), autoescape=True, undefined=StrictUndefined)
    environment.filters["visible"] = visible
    return environment.get_template("graph.html.jinja").render(
        title=title,
        summary=_summary(folder, data),
        digest=f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}",
        styles=page_styles(),
        data=_as_json(data),
        script=script,
    )


def _summary(folder: Path, data: Mapping[str, Any]) -> str:
    """What the graph has, and what of it is in the page."""
    entities, relations = count_rows(folder, ENTITIES), count_rows(folder, RELATIONS)
    here, drawn = len(data["entities"]), len(data["relations"])
    whole = f"{_count(entities, 'entity', 'entities')} and {_count(relations, 'relation', 'relations')} were found"
    if drawn < relations:
        return f"{whole}; this page has the {drawn:,} best-supported relations and their {here:,} entities."
    if 0 < here < entities:
        return f"{whole}; this page has the relations and the {_count(here, 'entity', 'entities')} that they join."
    return f"{whole}."


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _page_data(folder: Path, most: int) -> dict[str, Any]:
    """What the page's script reads (`network_data.js`): rows as lists, types and sentences once."""
    entity_types, relation_types = types_of(folder, ENTITIES), types_of(folder, RELATIONS)
    rows = list(islice(each_row(folder, RELATIONS), most))
    number: dict[int, int] = {}
    entities = []
    for row in _entities_of(folder, rows):
        number[row["id"]] = len(number)
        entities.append(_entity(row, entity_types))
    sentences: dict[str, int] = {}
    relations = [_relation(row, number, relation_types, sentences) for row in rows]
    return {
        "entity_types": entity_types,
        "relation_types": relation_types,
        "entities": entities,
        "relations": relations,
        "sentences": list(sentences),
    }


def _entities_of(folder: Path, relations: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Rows of the entities that relations join, in their order."""
    import pyarrow
    from pyarrow import compute

    wanted = pyarrow.array({row[end] for row in relations for end in ("head", "tail")}, pyarrow.int64())
    for batch in each_batch(folder, ENTITIES):
        yield from batch.filter(compute.is_in(batch["id"], value_set=wanted)).to_pylist()


def _entity(row: Mapping[str, Any], types: list[str]) -> list[Any]:
    aliases = [[alias["text"], alias["mentions"], alias["rule"]] for alias in row["aliases"] or ()]
    counts = [row["mentions"], row["documents"], _rounded(row["best_score"])]
    return [row["name"], types.index(row["type"]), *counts, aliases]


def _relation(
    row: Mapping[str, Any], number: Mapping[int, int], types: list[str], sentences: dict[str, int]
) -> list[Any]:
    return [
        *(types.index(row["type"]), number[row["head"]], number[row["tail"]], row["documents"], row["mentions"]),
        *(_rounded(row["mean_score"]), _rounded(row["best_score"]), int(row["symmetric"])),
        list(_evidence(row["evidence"] or (), sentences)),
    ]


def _evidence(evidence: Iterable[Mapping[str, Any]], sentences: dict[str, int]) -> Iterator[list[Any]]:
    for one in evidence:
        sentence = one["sentence"]
        place = None if sentence is None else sentences.setdefault(sentence, len(sentences))
        yield [one["document"], place, _rounded(one["score"]), *(one[name] for name in _OFFSETS)]


def _rounded(score: float) -> float:
    return round(score, 4)


def _as_json(data: Mapping[str, Any]) -> str:
    """JSON that may stand in a script element: nothing in it ends the element or begins another."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.translate(_ESCAPED)
