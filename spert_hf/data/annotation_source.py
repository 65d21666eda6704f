"""Data sets that are files of annotation tools, read without being imported first."""

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
    """The format of a file or folder of an annotation tool that training takes as it is, `None` for any other.

    JSON Lines of texts with character spans are documents already.

    Raises:
        OSError: It cannot be read.
    """
    found = None if is_stream(path) else format_of(path)
    return None if found is None or found.name == "json-lines" else found


def open_annotations(path: Path, format: AnnotationFormat, dev_fraction: float, seed: int) -> Source:
    """A data set of an annotation tool's file or folder, with the settings that `spert-hf import` has by default.

    Args:
        path: The file or folder.
        format: What it is.
        dev_fraction: Share of the texts that becomes the dev split.
        seed: Of that draw.

    Raises:
        DatasetError: There is no annotation in it.
        DocumentError: With every fault of the file.
        ValueError: The format needs a library that is not installed.
        OSError: It cannot be read.
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
    # Those of all texts: a type may be in the dev split alone.
    entities = {entity.type for of_text in documents for document in of_text for entity in document.entities}
    relations = {relation.type for of_text in documents for document in of_text for relation in document.relations}
    if not entities:
        raise no_entity([path], report)
    schema = make_types(sorted(entities), sorted(relations))
    return Source(path.stem, schema, readers, notes=(f"{path}: read as {format.title}", *report.lines()))


def _read(documents: list[Document], name: str, schema: TypeSchema | None, self_relations: str) -> list[Document]:
    return documents_from_rows([document.to_record() for document in documents], name, schema, self_relations)
