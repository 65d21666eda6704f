"""Records as `extract` writes them, made of marked texts."""

import json
import re
from pathlib import Path

import pyarrow.parquet as pq

_MARK = re.compile(r"\[([^\]|]*)\|(\w+)\]")


def found(marked, *relations, **more):
    """A record of a text such as `"[Ada Lovelace|Peop] wrote."`; relations are `(type, head, tail[, score])`."""
    text, entities, last = "", [], 0
    for mark in _MARK.finditer(marked):
        text += marked[last : mark.start()]
        start, words = len(text), len(text.split())
        text += mark[1]
        entities.append(
            {
                "type": mark[2],
                "score": 0.5,
                "text": mark[1],
                "start": start,
                "end": len(text),
                "token_start": words,
                "token_end": len(text.split()),
            }
        )
        last = mark.end()
    text += marked[last:]
    return {
        "text": text,
        "entities": entities,
        "relations": [
            {"type": type_, "score": score[0] if score else 0.5, "head": head, "tail": tail}
            for type_, head, tail, *score in relations
        ],
        **more,
    }


def of_tokens(record):
    """The same record, read of words instead of a text."""
    entities = [{**entity, "start": None, "end": None} for entity in record["entities"]]
    rest = {name: value for name, value in record.items() if name != "text"}
    return {**rest, "tokens": record["text"].split(), "entities": entities}


def write_lines(path: Path, *records):
    """Write records as JSON Lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def rows(folder, name):
    """The rows of a graph's table."""
    return pq.read_table(Path(folder) / f"{name}.parquet").to_pylist()


def names(folder):
    """By entity's type and name, its mentions and its aliases with their rules."""
    return {
        (row["type"], row["name"]): (row["mentions"], {one["text"]: one["rule"] for one in row["aliases"]})
        for row in rows(folder, "entities")
    }


def triples(folder):
    """The triples with names, and the number of their documents."""
    entities = [row["name"] for row in rows(folder, "entities")]
    return {
        (entities[row["head"]], row["type"], entities[row["tail"]]): row["documents"]
        for row in rows(folder, "relations")
    }
