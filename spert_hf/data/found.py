"""What is found in texts, as records and as a table of triples."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any

TRIPLE_COLUMNS = (
    *("document", "head", "head_type", "head_start", "head_end"),
    *("relation", "score", "tail", "tail_type", "tail_start", "tail_end"),
)
"""Of a table with a row a relation; documents count from 1, offsets count characters, or tokens where those were
given."""


def with_found(record: Mapping[str, Any], prediction: Mapping[str, Any]) -> dict[str, Any]:
    """A record with what is found in it; fields of its own by the same names are kept as ``given_entities``, ….

    Args:
        record: What was given.
        prediction: ``entities`` and ``relations``.
    """
    kept = {}
    for name, value in record.items():
        new = name
        while new in prediction or (new != name and new in record):
            new = f"given_{new}"
        kept[new] = value
    return kept | dict(prediction)


def triple_rows(number: int, prediction: Mapping[str, Any]) -> Iterator[list[Any]]:
    """The rows of a document's relations, in the order of ``TRIPLE_COLUMNS``."""
    for relation in prediction["relations"]:
        head, tail = (_cells(prediction["entities"][relation[end]]) for end in ("head", "tail"))
        yield [number, *head, relation["type"], relation["score"], *tail]


def to_csv_row(cells: list[Any]) -> str:
    """A row of comma-separated values, without its end."""
    text = StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()


def _cells(entity: Mapping[str, Any]) -> list[Any]:
    by_characters = entity.get("start") is not None  # rows of a data set have None where there is nothing
    start, end = ("start", "end") if by_characters else ("token_start", "token_end")
    return [entity["text"], entity["type"], entity[start], entity[end]]
