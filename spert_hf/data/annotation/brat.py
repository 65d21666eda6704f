"""brat's standoff files: a folder, with folders in it, of texts (`.txt`) with their annotations beside (`.ann`).

Offsets are in code points of the text as it is on disk: `\\r\\n` counts two, a byte-order mark one.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ..faults import Fault, LocatedFault, Location
from ..textfiles import decode, foreign_format
from .annotated_text import AnnotatedText
from .brat_configuration import Configurations
from .brat_standoff import Standoff
from .brat_writing import write
from .options import ReadingOptions
from .report import Report
from .sample import Sample

__all__ = ["read", "recognises", "write"]

_TEXT, _ANNOTATIONS = _PAIR = (".txt", ".ann")


def recognises(sample: Sample) -> bool:
    """Whether it is a folder with `.ann` files in it, or in folders in it, or a file of such a pair."""
    path = sample.path
    if path.is_dir():
        return any(file.suffix == _ANNOTATIONS for file in _files(path))
    return path.suffix == _ANNOTATIONS or (path.suffix == _TEXT and path.with_suffix(_ANNOTATIONS).is_file())


def read(path: Path, options: ReadingOptions, report: Report) -> Iterator[AnnotatedText]:
    """Read the texts of a folder, and of those in it, in the order of their names; or that of one file.

    The id of a text is its path in the folder, without `.txt`.
    """
    root = path if path.is_dir() else path.parent
    configurations, others = Configurations(report), Counter[str]()
    for stem in _stems(path, report):
        text_file, annotation_file = _with(stem, _TEXT), _with(stem, _ANNOTATIONS)
        text, standoff = _content(text_file, report), _content(annotation_file, report)
        if text is None or standoff is None:
            continue
        found = Standoff(text, options.offsets or "code-points", annotation_file, report)
        found.read(standoff.removeprefix("\ufeff"))
        others += found.others
        identifier = stem.relative_to(root).as_posix()
        annotated = AnnotatedText(text, found.entities, found.relations, identifier, Location(str(annotation_file)))
        configurations.check(annotated, stem.parent, root)
        yield annotated
    if others:
        listed = ", ".join(f"{name}: {count:,}" for name, count in sorted(others.items()))
        report.note(f"{path}: not read: {listed}")


def _stems(path: Path, report: Report) -> Iterator[Path]:
    """The texts that have annotations, without their endings; the report takes the others."""
    if not path.is_dir():
        path.stat()  # says what is wrong with a path that leads nowhere
        allowed = "a folder, or a .txt or .ann file with the other one beside it"
        if path.suffix not in _PAIR:
            report.fault(Location(str(path)), "", "a file of another kind", allowed)
        elif missing := [ending for ending in _PAIR if not path.with_suffix(ending).is_file()]:
            report.fault(Location(str(path)), "", f"a file with no {missing[0]} file beside it", allowed)
        else:
            yield path.with_suffix("")
        return
    pairs = _pairs(path)
    if not any(_ANNOTATIONS in endings for endings in pairs.values()):
        report.fault(Location(str(path)), "", "a folder without .ann files", "a folder with .txt and .ann files")
        return
    for stem, endings in pairs.items():
        if _ANNOTATIONS not in endings:
            where = Location(str(_with(stem, _TEXT)))
            report.skip("texts", "no .ann file beside it, so that brat does not show it", where)
        elif _TEXT not in endings:
            where = Location(str(_with(stem, _ANNOTATIONS)))
            report.fault(where, "", "a file with no .txt file beside it", "annotations of a text that is there")
        else:
            yield stem


def _files(folder: Path) -> Iterator[Path]:
    """The texts and annotations in a folder and those in it, in the order of their names, but hidden ones."""
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        paths = (Path(here, name) for name in sorted(files) if not name.startswith("."))
        yield from (path for path in paths if path.suffix in _PAIR)


def _pairs(folder: Path) -> dict[Path, set[str]]:
    """The paths of texts and annotations without their endings, each with the endings that are there."""
    pairs: dict[Path, set[str]] = {}
    for path in _files(folder):
        pairs.setdefault(path.with_suffix(""), set()).add(path.suffix)
    return pairs


def _with(stem: Path, ending: str) -> Path:
    return stem.with_name(stem.name + ending)


def _content(path: Path, report: Report) -> str | None:
    """The text of a file as it is, line ends and byte-order mark included; `None`, and a fault, if it is none."""
    data = path.read_bytes()
    content = foreign_format(data) or decode(data)
    if isinstance(content, Fault):
        report.faults.append(LocatedFault(Location(str(path)), content))
        return None
    return content
