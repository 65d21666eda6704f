"""The annotation formats that are read and written: one table, a file for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

from ...model.messages import did_you_mean, must_be
from ..faults import list_names
from .annotated_text import AnnotatedText
from .options import ReadingOptions, WritingOptions
from .report import Report
from .sample import Sample

Reader: TypeAlias = Callable[[Path, ReadingOptions, Report], Iterator[AnnotatedText]]
"""Gives the texts of a file or folder one by one; what is at fault, or left out, goes into the report."""

Writer: TypeAlias = Callable[[Iterable[AnnotatedText], Path, WritingOptions, Report], None]
"""Writes texts in the form that the tool imports, and counts them as written or left out; the file or folder is there
when it is complete."""


@dataclass(frozen=True, slots=True)
class AnnotationFormat:
    """A format of annotation files.

    Attributes:
        name: As `--format` takes it.
        title: What it is, for help and messages.
        module: The file in this folder with its `recognises`, `read` and `write`, imported only when it is used.
        written: Whether it has a `write`.
        heeded: Those of [`ReadingOptions`] that its `read` heeds.
    """

    name: str
    title: str
    module: str
    written: bool = True
    heeded: frozenset[str] = frozenset()

    def recognises(self, sample: Sample) -> bool:
        """Whether the file looks like this format."""
        return bool(self._load("recognises")(sample))

    def read(self, path: Path, options: ReadingOptions, report: Report) -> Iterator[AnnotatedText]:
        """Read the texts of a file or folder; see [`Reader`]."""
        for name in sorted(options.given - self.heeded):
            report.note(f"{path}: --{name.replace('_', '-')} has no effect on {self.title}")
        reader: Reader = self._load("read")
        return reader(path, options, report)

    def write(self, texts: Iterable[AnnotatedText], path: Path, options: WritingOptions, report: Report) -> None:
        """Write texts; see [`Writer`]."""
        writer: Writer = self._load("write")
        writer(texts, path, options, report)

    def _load(self, name: str) -> Any:
        return getattr(import_module(f"{__package__}.{self.module}"), name)


_ANNOTATORS = frozenset({"annotations"})
_OFFSETS = frozenset({"offsets"})
_LAYERS = frozenset({"entity_layer", "relation_layer"})

FORMATS = {
    each.name: each
    for each in (
        AnnotationFormat(
            "label-studio", "Label Studio's JSON export", "label_studio", heeded=_ANNOTATORS | _OFFSETS | {"text_key"}
        ),
        AnnotationFormat("doccano", "doccano's JSONL export", "doccano", heeded=_ANNOTATORS | _OFFSETS),
        AnnotationFormat("prodigy", "Prodigy's rel.manual JSON Lines", "prodigy", heeded=_ANNOTATORS | _OFFSETS),
        AnnotationFormat("dygie", "DyGIE++ and SciERC JSON Lines", "dygie", written=False),
        AnnotationFormat("brat", "brat's standoff files (.txt and .ann)", "brat", heeded=_OFFSETS),
        AnnotationFormat("webanno-tsv", "WebAnno TSV 3", "webanno_tsv", written=False, heeded=_OFFSETS | _LAYERS),
        AnnotationFormat(
            "inception",
            "UIMA CAS (XMI, CAS JSON), as INCEpTION exports it",
            "uima_cas",
            heeded=_ANNOTATORS | _LAYERS,
        ),
        AnnotationFormat("spacy", "spaCy's DocBin (.spacy)", "spacy_docbin", heeded=frozenset({"entity_layer"})),
        AnnotationFormat("json-lines", "JSON Lines of texts with character spans", "json_lines", heeded=_OFFSETS),
    )
}
"""By name, in the order in which files are tried."""


def format_named(name: str) -> AnnotationFormat:
    """The format of a name.

    Raises:
        ValueError: There is none of this name.
    """
    if name not in FORMATS:
        raise ValueError(
            must_be("format", f"one of {list_names([*FORMATS])}{did_you_mean(name, [*FORMATS])}", repr(name))
        )
    return FORMATS[name]


def format_of(path: Path) -> AnnotationFormat | None:
    """The format that a file or folder is in, told from its content; `None` if it is none of them.

    Raises:
        DocumentError: It is the file of an annotation tool that holds no relations; which one does is said.
        OSError: It cannot be read.
    """
    sample = Sample.of(path)
    return next((each for each in FORMATS.values() if each.recognises(sample)), None)
