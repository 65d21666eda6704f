"""Writing UIMA CAS with the layers that INCEpTION has from the start, `custom.Span` and `custom.Relation`."""

from __future__ import annotations

import itertools
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from ...files.atomic import replacing, write_atomically
from ...files.new_folder import new_folder
from ...model.messages import must_be
from ...model.words import import_extra
from .annotated_text import AnnotatedText
from .options import WritingOptions
from .report import Report
from .tokens import tokens_and_sentences
from .uima_layers import ENTITY, LABEL, META_DATA, RELATION, SENTENCE, TOKEN
from .uima_raw import ENDS

_TYPE_SYSTEM = "TypeSystem.xml"
_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_IN_NAMES = re.compile(r"[^\w.\-]+")
_LONGEST_NAME = 80
_DATE = (1980, 1, 1, 0, 0, 0)
"""Of all files in an archive, so that the same texts give the same archive."""


def write_cas(texts: Iterable[AnnotatedText], path: Path, options: WritingOptions, report: Report) -> None:
    """Write texts; see `write` of the format.

    Raises:
        ValueError: There are several texts for one file, or another type system lies where this one's would.
        FileExistsError: The folder is there and has files in it.
    """
    writer = _Writer(report)
    suffix = path.suffix.lower()
    if suffix == ".zip":
        with replacing(path) as beside, zipfile.ZipFile(beside, "w") as archive:
            _add(archive, _TYPE_SYSTEM, writer.types.to_xml())
            writer.write(texts, ".xmi", lambda name, content: _add(archive, name, content))
    elif suffix == ".json":
        write_atomically(path, [writer.only(texts, path, xmi=False)])
    elif suffix == ".xmi":
        types, beside = writer.types.to_xml(), path.parent / _TYPE_SYSTEM
        if beside.exists() and beside.read_text(encoding="utf-8", errors="replace") != types:
            raise ValueError(must_be("output", f"a .zip, as another {_TYPE_SYSTEM} is beside it", str(path)))
        write_atomically(path, [writer.only(texts, path, xmi=True)])
        write_atomically(beside, [types])
    else:
        with new_folder(path) as folder:
            writer.write(texts, ".json", lambda name, content: (folder / name).write_bytes(content.encode()))


class _Writer:
    """Makes files of texts.

    Args:
        report: Takes the counts.
    """

    def __init__(self, report: Report) -> None:
        self._cassis: Any = import_extra("cassis", "format 'inception'", "cas", "dkpro-cassis")
        self._report = report
        self.types = self._type_system()

    def write(self, texts: Iterable[AnnotatedText], suffix: str, add: Callable[[str, str], object]) -> None:
        """Give a file for each text, with a name of its own."""
        taken: dict[str, Iterator[int]] = {}
        for number, text in enumerate(texts, start=1):
            wanted = name = _NOT_IN_NAMES.sub("_", text.id or "")[:_LONGEST_NAME].strip("._") or f"text-{number}"
            while name.casefold() in taken:
                name = f"{wanted}-{next(taken[wanted.casefold()])}"
            taken[name.casefold()] = itertools.count(2)
            add(f"{name}{suffix}", self._content(text, f"{name}.txt", suffix == ".xmi"))

    def only(self, texts: Iterable[AnnotatedText], path: Path, xmi: bool) -> str:
        """The content of a file for the only text.

        Raises:
            ValueError: There are several, or none.
        """
        first = [*itertools.islice(texts, 2)]
        if len(first) != 1:
            number = "several texts" if first else "no text"
            raise ValueError(must_be("output", f"a folder or a .zip for {number}", str(path)))
        return self._content(first[0], f"{path.stem}.txt", xmi)

    def _content(self, text: AnnotatedText, title: str, xmi: bool) -> str:
        report = self._report
        report.read("texts")
        report.read("entities", len(text.entities))
        report.read("relations", len(text.relations))
        content = text.text
        if xmi:
            content = _NOT_IN_XML.sub(" ", content)
            if content != text.text:
                what = "characters that XML cannot hold are blanks (CAS JSON holds them)"
                report.change("texts", what, text.source)
        cas = self._cassis.Cas(self.types)
        cas.sofa_string, cas.sofa_mime = content, "text"
        self._add_structure(cas, content, text, text.id or title)
        spans = self._add_entities(cas, text, xmi)
        self._add_relations(cas, text, spans, xmi)
        report.written["texts"] += 1
        return str(cas.to_xmi(pretty_print=True) if xmi else cas.to_json(pretty_print=True))

    def _add_structure(self, cas: Any, content: str, text: AnnotatedText, title: str) -> None:
        """Add what INCEpTION would add on its own otherwise: tokens, as annotations must fit them, and sentences."""
        title = _NOT_IN_XML.sub(" ", title)
        make = self.types.get_type
        cas.add(make(META_DATA)(begin=0, end=len(content), documentTitle=title, language="x-unspecified"))
        tokens, sentences = tokens_and_sentences(content, [(each.start, each.end) for each in text.entities])
        for name, ranges in ((SENTENCE, sentences), (TOKEN, tokens)):
            cas.add_all(make(name)(begin=start, end=end) for start, end in ranges)

    def _add_entities(self, cas: Any, text: AnnotatedText, xmi: bool) -> list[Any]:
        """Add the entities; the first annotation of each, which relations point to."""
        report, make = self._report, self.types.get_type(ENTITY)
        spans = []
        for number, entity in enumerate(text.entities):
            field = f"entities[{number}]"
            if entity.fragments:
                what = "in several parts: what lies between them is in the mention, too"
                report.change("entities", what, text.source, field)
            if entity.score is not None:
                report.note("scores are not written: the layers have no feature for them")
            labels = [self._label(each, text, field, "entities", xmi) for each in (entity.type, *entity.more_types)]
            made = [make(begin=entity.start, end=entity.end, label=label) for label in labels]
            cas.add_all(made)
            spans.append(made[0])
            report.written["entities"] += len(made)
            report.add("entities", "several labels: a mention for each", text.source, field, count=len(made) - 1)
        return spans

    def _add_relations(self, cas: Any, text: AnnotatedText, spans: list[Any], xmi: bool) -> None:
        report, make = self._report, self.types.get_type(RELATION)
        for number, relation in enumerate(text.relations):
            field = f"relations[{number}]"
            label = self._label(relation.type, text, field, "relations", xmi)
            pairs = [(relation.head, relation.tail)]
            if relation.both_ways:
                pairs.append((relation.tail, relation.head))
                report.add("relations", "drawn both ways: one for each direction", text.source, field)
            for head, tail in pairs:
                # As INCEpTION has it, a relation lies where its target does.
                ends = dict(zip(ENDS, (spans[head], spans[tail]), strict=True))
                cas.add(make(begin=spans[tail].begin, end=spans[tail].end, label=label, **ends))
            report.written["relations"] += len(pairs)

    def _label(self, label: str | None, text: AnnotatedText, field: str, kind: str, xmi: bool) -> str | None:
        """A label as the file holds it."""
        held = label if label is None or not xmi else _NOT_IN_XML.sub(" ", label)
        if held != label:
            self._report.change(kind, "characters of the label that XML cannot hold are blanks", text.source, field)
        return held

    def _type_system(self) -> Any:
        types = self._cassis.TypeSystem()
        meta_data = types.create_type(META_DATA, "uima.tcas.DocumentAnnotation")
        for name in ("documentTitle", "documentId", "documentUri", "collectionId", "documentBaseUri"):
            types.create_feature(meta_data, name, "uima.cas.String")
        types.create_feature(meta_data, "isLastSegment", "uima.cas.Boolean")
        for name in (TOKEN, SENTENCE):
            types.create_type(name)
        span, relation = types.create_type(ENTITY), types.create_type(RELATION)
        for layer in (span, relation):
            types.create_feature(layer, LABEL, "uima.cas.String")
        for end in ENDS:
            types.create_feature(relation, end, span)
        return types


def _add(archive: zipfile.ZipFile, name: str, content: str) -> None:
    info = zipfile.ZipInfo(name, _DATE)
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, content.encode())
