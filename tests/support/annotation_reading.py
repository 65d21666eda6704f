"""Reading and writing files of annotation tools in tests."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from spert_hf.data.annotation.annotated_text import AnnotatedText
from spert_hf.data.annotation.formats import format_named, format_of
from spert_hf.data.annotation.options import ReadingOptions, WritingOptions
from spert_hf.data.annotation.report import Report
from spert_hf.data.faults import DocumentError


def write_lines(path: Path, *records: Any) -> Path:
    """A file of JSON Lines; strings are lines as they are."""
    lines = (record if isinstance(record, str) else json.dumps(record, ensure_ascii=False) for record in records)
    path.write_bytes("".join(f"{line}\n" for line in lines).encode())
    return path


def read_as(name: str, path: Path, **options: Any) -> tuple[list[AnnotatedText], Report]:
    """The texts of a file in a format, and what the reader reports."""
    report = Report()
    return [*format_named(name).read(path, ReadingOptions(**options), report)], report


def write_as(name: str, texts: Iterable[AnnotatedText], path: Path, **options: Any) -> Report:
    """Write texts in a format; what the writer reports."""
    report = Report()
    format_named(name).write(texts, path, WritingOptions(**options), report)
    return report


def recognised(path: Path) -> str | None:
    """The name of the format that a file is told to be in; none for one that is refused."""
    try:
        found = format_of(path)
    except DocumentError:
        return None
    return found and found.name


def messages(report: Report) -> list[str]:
    """The faults of a report, without the file's folder."""
    return [str(fault).replace(str(Path(fault.location.source).parent) + "/", "") for fault in report.faults]


def left_out(report: Report) -> list[str]:
    """What a report says of what was left out, changed and added, without the places."""
    return [line for line in report.lines() if line.startswith(("left out", "changed", "added"))]
