"""Data sets in files of annotation tools, which need not be imported first."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from ..files.outputs import is_stream
from .annotation.alignment import Aligner, AlignmentSettings
from .annotation.formats import AnnotationFormat, format_of
from .annotation.importing import make_types, no_entity
from .annotation.options import ReadingOptions
from .annotation.reading import iter_annotations
from .annotation.report import Report
from .annotation.splitting import digest_of, draw_splits
from .documents import Document
from .formats import documents_from_rows
from .schema import TypeSchema
from .sources import Reader, Source


def annotation_format(path: Path) -> AnnotationFormat | None:
    """Return the format of an annotation tool's file or folder that training can read; `None` for any other.

    JSON Lines of texts with character spans are documents already.

    Raises:
        OSError: If it can't be read.
    """
    found = None if is_stream(path) else format_of(path)
    return None if found is None or found.name == "json-lines" else found


def open_annotations(path: Path, format: AnnotationFormat, dev_fraction: float, seed: int) -> Source:
    """Open an annotation tool's file or folder as a data set, with the default settings of `spert-hf import`.

    Args:
        path: The file or folder.
        format: Its format.
        dev_fraction: Share of the texts for the dev split.
        seed: Seed of that split.

    Raises:
        DatasetError: If it has no annotations.
        DocumentError: If the file is not valid; the error lists all faults.
        ValueError: If the format needs a library that is not installed.
        OSError: If it can't be read.
    """
    report = Report()
    align = Aligner(AlignmentSettings(), report)
    digests: list[bytes] = []
    documents: list[list[Document]] = []
    for text in iter_annotations(path, format, ReadingOptions(), report):
        digests.append(digest_of(text.text))
        documents.append(align(text))
    report.raise_faults()
    by_split: dict[str, list[Document]] = {"train": []}
    for split, of_text in zip(draw_splits(digests, dev_fraction, 0, seed), documents, strict=True):
        by_split.setdefault(split, []).extend(of_text)
    readers: dict[str, Reader] = {
        split: partial(_read, of_split, f"{path}, {split}") for split, of_split in by_split.items()
    }
    # From all texts, since a type may occur only in the dev split.
    entities = {entity.type for of_text in documents for document in of_text for entity in document.entities}
    relations = {relation.type for of_text in documents for document in of_text for relation in document.relations}
    if not entities:
        raise no_entity([path], report)
    schema = make_types(sorted(entities), sorted(relations))
    return Source(path.stem, schema, readers, notes=(f"{path}: read as {format.title}", *report.lines()))


def _read(documents: list[Document], name: str, schema: TypeSchema | None, self_relations: str) -> list[Document]:
    return documents_from_rows([document.to_record() for document in documents], name, schema, self_relations)
