"""WebAnno TSV 3, which WebAnno and INCEpTION export: a text, a row for each token, columns for layers. Read only.

Offsets are in UTF-16 units. What stands between sentences is not in the file: line ends fill the place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ..faults import Fault, LocatedFault, Location, short_repr
from ..textfiles import decode, foreign_format
from .annotated_text import AnnotatedText
from .offsets import Offsets
from .options import ReadingOptions
from .report import Report
from .sample import Sample
from .webanno_layers import choose_layers, layer_of
from .webanno_rows import Table
from .webanno_spans import Annotations

_ENDING = ".tsv"
_FORMAT = re.compile(r"#FORMAT=WebAnno TSV (\d+)\.(\d+)\s*")
_OLD = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)*?# ?id=\d+\s*\n# ?text=")
_ALLOWED = (
    "WebAnno TSV 3, whose first line is #FORMAT=WebAnno TSV 3.3 or of another 3.x; export as that, or as UIMA CAS"
)


def recognises(sample: Sample) -> bool:
    """Whether it is WebAnno TSV of any version, so that old ones are refused by name, or a folder with such files."""
    if sample.path.is_dir():
        files = (sample.path / name for name in sample.names if name.endswith(_ENDING))
        first = next(files, None)
        return first is not None and recognises(Sample.of(first))
    return sample.start.startswith("#FORMAT=WebAnno TSV") or _OLD.match(sample.start) is not None


def read(path: Path, options: ReadingOptions, report: Report) -> Iterator[AnnotatedText]:
    """Read a file, which is one text, or those of a folder; the id is the file's name."""
    files = sorted(path.glob(f"*{_ENDING}")) if path.is_dir() else [path]
    if not files:
        report.fault(Location(str(path)), "", "a folder without .tsv files", "a folder of WebAnno TSV files")
    for file in files:
        text = _read_file(file, options, report)
        if text is not None:
            yield text


def _read_file(path: Path, options: ReadingOptions, report: Report) -> AnnotatedText | None:
    where = Location(str(path))
    data = path.read_bytes()
    content = foreign_format(data) or decode(data)
    if isinstance(content, Fault):
        report.faults.append(LocatedFault(where, content))
        return None
    lines = [line.removesuffix("\r") for line in content.removeprefix("\ufeff").split("\n")]
    version = _FORMAT.fullmatch(lines[0])
    if version is None or version.group(1) != "3":
        old = "WebAnno TSV 1 or 2" if version is None and _OLD.match(content) else short_repr(lines[0])
        report.fault(Location(str(path), line=1), "", old, _ALLOWED)
        return None
    layers = [layer for line in lines[1:] if (layer := layer_of(line)) is not None]
    known, unit = len(report.faults), options.offsets or "utf-16"
    table = Table(where, layers, int(version.group(2)), unit, report)
    table.read(lines)
    if len(report.faults) > known:
        return None
    annotations = Annotations(table, Offsets(table.text, unit), report)
    chosen = choose_layers(annotations.counts(), options, where, report)
    if chosen is None:
        return None
    entities, relations = annotations.of(*chosen)
    return AnnotatedText(table.text, entities, relations, path.name.removesuffix(_ENDING), where)
