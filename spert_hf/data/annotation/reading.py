"""From a file of an annotation tool to annotated texts."""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike
from pathlib import Path

from ...files.outputs import is_stream
from ...model.messages import must_be
from ..faults import is_text, list_names
from ..sources import DatasetError
from .annotated_text import AnnotatedText
from .formats import FORMATS, AnnotationFormat, format_named, format_of
from .options import ReadingOptions
from .report import Report


def read_annotations(
    path: str | PathLike[str],
    format: str | None = None,
    *,
    annotations: str = "latest",
    offsets: str | None = None,
    entity_layer: str | None = None,
    relation_layer: str | None = None,
    text_key: str | None = None,
    report: Report | None = None,
) -> list[AnnotatedText]:
    """Read the file or folder of an annotation tool.

    ```python
    from spert_hf.data import read_annotations

    for text in read_annotations("export.json"):
        print(text.text, text.entities, text.relations)
    ```

    Args:
        path: The file or folder.
        format: One of `spert-hf import --help`; by default it is told from the content.
        annotations: Of a text that several people have annotated: `"latest"`, `"all"` or `"by USER"`.
        offsets: What the file's offsets count, where the tool's own unit is not the right one: `"code-points"`,
            `"utf-16"` or `"graphemes"`.
        entity_layer: Of a format with layers, the one that holds entities.
        relation_layer: The one that holds relations.
        text_key: Of a format whose texts stand among other data, the key of the text.
        report: Takes the counts of what was left out; with it faults are not raised but noted there.

    Returns:
        The texts, with offsets in code points.

    Raises:
        DatasetError: The format can't be told.
        DocumentError: With every fault of the file.
        ValueError: An option is not allowed, or the format needs a library that is not installed.
        OSError: The file cannot be read.
    """
    noted = Report() if report is None else report
    options = ReadingOptions(annotations, offsets, entity_layer, relation_layer, text_key)
    texts = [*iter_annotations(path, choose_format(path, format), options, noted)]
    if report is None:
        noted.raise_faults()
    return texts


def choose_format(path: str | PathLike[str], name: str | None = None) -> AnnotationFormat:
    """The format of a file or folder: the one that is named, else the one that its content shows.

    Raises:
        DatasetError: It can't be told, or the file is a stream.
        ValueError: There is no format of this name.
        OSError: The file cannot be read.
    """
    if is_stream(Path(path)):
        raise DatasetError(must_be(str(path), "a file or folder", "a pipe or device, which cannot be read twice"))
    if name is not None:
        return format_named(name)
    found = format_of(Path(path))
    if found is None:
        titles = list_names([f"{each.name} ({each.title})" for each in FORMATS.values()])
        raise DatasetError(must_be(str(path), f"in one of the formats {titles}", "content that is none of them"))
    return found


def iter_annotations(
    path: str | PathLike[str], format: AnnotationFormat, options: ReadingOptions, report: Report
) -> Iterator[AnnotatedText]:
    """Give the texts of a file or folder one by one, checked; faults go into the report, and its text is not given.

    Raises:
        OSError: The file cannot be read.
    """
    for text in format.read(Path(path), options, report):
        if not is_text(text.text):
            report.fault(text.source, "text", "half of a surrogate pair in it", "a string of valid Unicode")
        else:
            yield text
