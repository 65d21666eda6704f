"""Extraction from an uploaded file to JSON Lines and a table of triples."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from spert_hf.data.faults import DocumentError, Fault, LocatedFault, Location
from spert_hf.data.found import TRIPLE_COLUMNS, triple_rows, with_found
from spert_hf.data.inputs import read_inputs
from spert_hf.data.textfiles import to_json_line

from .document_graph import DocumentGraph
from .extraction import Extractor
from .settings import Settings

BATCH_SIZE = 16
"""Documents per progress report; other visitors' texts are processed in between."""


class Progress(NamedTuple):
    """The number of finished documents of a file."""

    done: int
    total: int


def read_documents(path: Path, name: str, settings: Settings) -> list[dict[str, Any]]:
    """Read the documents of an uploaded file.

    Args:
        path: its path on the server; the suffix determines the format.
        name: its name in error messages, as known to the visitor.
        settings: limits of number and length.

    Returns:
        Records with `text` or `tokens`.

    Raises:
        DocumentError: the file has faults, which are those that `spert-hf extract` would report, or exceeds a limit.
    """
    try:
        documents = list(islice(read_inputs(path), settings.max_documents + 1))
    except DocumentError as error:
        named = [located._replace(location=replace(located.location, source=name)) for located in error.faults]
        raise DocumentError(named, complete=error.complete) from None
    faults = list(_bounds_not_kept(documents, name, settings))
    if faults:
        raise DocumentError(faults)
    return documents


def _bounds_not_kept(documents: list[dict[str, Any]], name: str, settings: Settings) -> Iterator[LocatedFault]:
    if not documents:
        yield LocatedFault(Location(name), Fault("", "none", "a file of at least one document"))
    if len(documents) > settings.max_documents:
        most = f"a file of at most {settings.max_documents:,} documents"
        yield LocatedFault(Location(name), Fault("", "more; for those use `spert-hf extract`", most))
    for number, document in enumerate(documents[: settings.max_documents], start=1):
        field = "tokens" if "tokens" in document else "text"
        length = sum(map(len, document["tokens"])) if field == "tokens" else len(document["text"])
        if length > settings.max_characters:
            fault = Fault(field, f"{length:,}", f"at most {settings.max_characters:,} characters long")
            yield LocatedFault(Location(name, record=number), fault)


def extract_documents(
    extractor: Extractor,
    documents: list[dict[str, Any]],
    json_lines: Path,
    triples: Path,
    graph: DocumentGraph | None = None,
    **parameters: Any,
) -> Iterator[Progress]:
    """Extract from documents in order, and write the results batch by batch.

    Args:
        extractor: runs the model.
        documents: records with `text` or `tokens`.
        json_lines: output file: each document with its `entities` and `relations`.
        triples: output file: CSV with one row per relation; offsets in characters, or tokens if those were given.
        graph: the predictions are added to it.
        parameters: `relation_threshold` and `overlap` of the extractor.

    Yields:
        The progress, before the first and after each batch.
    """
    with ExitStack() as stack:
        lines = stack.enter_context(json_lines.open("w", encoding="utf-8", newline="\n"))
        table = csv.writer(stack.enter_context(triples.open("w", encoding="utf-8", newline="")))
        table.writerow(TRIPLE_COLUMNS)
        yield Progress(0, len(documents))
        for first in range(0, len(documents), BATCH_SIZE):
            batch = documents[first : first + BATCH_SIZE]
            for number, (document, prediction) in enumerate(
                zip(batch, extractor.extract(batch, **parameters), strict=True), start=first + 1
            ):
                lines.write(to_json_line(with_found(document, prediction)) + "\n")
                table.writerows(triple_rows(number, prediction))
                if graph is not None:
                    graph.add(prediction)
            yield Progress(first + len(batch), len(documents))
