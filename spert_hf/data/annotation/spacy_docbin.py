"""spaCy's DocBin (`.spacy`): entities, overlapping spans, and relations in the two forms that people store them in."""

from __future__ import annotations

import gc
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ...model.words import import_extra
from ..faults import Location
from .annotated_text import AnnotatedText
from .options import ReadingOptions, WritingOptions
from .report import Report
from .sample import Sample
from .spacy_reading import DocReader
from .spacy_writing import write_docs

_ALLOWED = "a DocBin of spaCy 3, as DocBin.to_disk writes it"
_LOOKED_AT = 1 << 12


def recognises(sample: Sample) -> bool:
    """Whether the file is compressed and begins as a DocBin does."""
    if not sample.start.startswith("x") or not sample.path.is_file():
        return False
    with sample.path.open("rb") as stream:
        start = stream.read(_LOOKED_AT)
    try:
        head = zlib.decompressobj().decompress(start, 64)
    except zlib.error:
        return False
    return b"\xa7version" in head and b"\xa5attrs" in head


def read(path: Path, options: ReadingOptions, report: Report) -> Iterator[AnnotatedText]:
    """Read the docs.

    The option `entity_layer` is the name of a group in `doc.spans`, or `ents`. Default: `doc.ents`, or where it has
    more spans the group `sc`, or the only one.
    """
    reader = DocReader(options, report)
    for number, doc in enumerate(_docs(path, report), start=1):
        location = Location(str(path), number)
        try:
            text = reader(doc, location)
        except (LookupError, ValueError) as error:  # a doc's spans and strings are looked up when they are asked for
            report.fault(location, "", f"damaged data ({_described(error)})", "a doc of spaCy")
            continue
        if text is not None:
            yield text


def _docs(path: Path, report: Report) -> Iterator[Any]:
    """The docs of a file; a fault ends them."""
    spacy: Any = import_extra("spacy", "format 'spacy'", "spacy")
    content = path.read_bytes()
    collects = gc.isenabled()
    number = 0
    try:
        stored = spacy.tokens.DocBin().from_bytes(content)
        if stored.user_data and all(data is None for data in stored.user_data):
            report.note(
                f"{path}: saved without user data (DocBin's store_user_data=False): relations, if there were any, were "
                "not saved"
            )
        for doc in stored.get_docs(spacy.vocab.Vocab()):
            number += 1
            yield doc
    except Exception as error:  # spaCy checks nothing, and stumbles in as many ways
        behind = f" behind record {number}" if number else ""
        given = f"a file that is cut off, damaged or of another kind{behind} ({_described(error)})"
        report.fault(Location(str(path)), "", given, _ALLOWED)
        return
    finally:
        if collects:
            gc.enable()  # srsly leaves it disabled when it stumbles
    if number == 0:
        report.fault(Location(str(path)), "", "no docs", _ALLOWED)


def _described(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:100]}"


def write(texts: Iterable[AnnotatedText], path: Path, options: WritingOptions, report: Report) -> None:
    """Write texts: entities in `doc.ents` and `doc.spans`, relations in `doc._.rel` and `doc.user_data`."""
    write_docs(texts, path, options, report)
