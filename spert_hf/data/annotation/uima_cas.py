"""UIMA CAS, the form in which INCEpTION exports documents: XMI with its type system, CAS JSON, or archives of them."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import cache, partial
from pathlib import Path
from typing import Any

from ...model.words import import_extra
from ..faults import Location, short_repr
from .annotated_text import AnnotatedText, TextEntity, TextRelation
from .checks import label_of, span_of
from .offsets import Offsets
from .options import ReadingOptions, WritingOptions
from .report import KINDS, Report
from .sample import UNREADABLE, Sample
from .uima_files import ALLOWED, CasFile, cas_files, holds_cas, holds_cas_files, is_cas_json
from .uima_layers import META_DATA, TOKEN, Layers, choose_layers, label_feature
from .uima_raw import ENDS, RawCas, raw_json, raw_xmi
from .uima_writing import write_cas

_MAIN_VIEW = "_InitialView"


def recognises(sample: Sample) -> bool:
    """Whether there is a CAS in the file, folder or archive."""
    if sample.path.is_dir():
        return holds_cas_files(sample.path)
    if zipfile.is_zipfile(sample.path):
        with zipfile.ZipFile(sample.path) as archive:
            return holds_cas(archive)
    return "http://www.omg.org/XMI" in sample.start or is_cas_json(sample.start)


def read(path: Path, options: ReadingOptions, report: Report) -> Iterator[AnnotatedText]:
    """Read the documents, of each the annotations of one annotator or all."""
    reader = _Reader(options)
    with ExitStack() as opened:
        by_document: dict[str, list[CasFile]] = {}
        faults = len(report.faults)
        for file in cas_files(path, report, opened):
            by_document.setdefault(file.document, []).append(file)
        if not by_document and len(report.faults) == faults:
            report.fault(Location(str(path)), "", "an export without one (choose a secondary format there)", ALLOWED)
        number = 0
        for files in by_document.values():
            several = len(by_document) > 1 or len(files) > 1
            texts = []
            for file in sorted(files, key=lambda each: (each.curated, each.time)):
                number += 1
                text = reader(file, Location(file.source, number if several else None), report)
                if text is not None:
                    texts.append(text)
            yield from _chosen(texts, options, report)


def write(texts: Iterable[AnnotatedText], path: Path, options: WritingOptions, report: Report) -> None:
    """Write texts for INCEpTION.

    The ending says how: `.json` one text as CAS JSON, `.xmi` one as XMI with TypeSystem.xml beside it, `.zip` each as
    XMI in an archive; without one of these, each is a file of CAS JSON in a folder.

    Raises:
        ValueError: There are several texts for one file.
    """
    write_cas(texts, path, options, report)


def _chosen(texts: list[AnnotatedText], options: ReadingOptions, report: Report) -> Iterator[AnnotatedText]:
    """Of a document's annotators those that are wanted; what the others did is counted as left out."""
    for number, text in enumerate(texts, start=1):
        annotator = text.extra.get("annotator")
        if options.user is not None:
            wanted, reason = annotator == options.user, "by another annotator"
        else:
            wanted = options.annotations == "all" or number == len(texts)
            reason = "of another annotator (--annotations all reads them)"
        if wanted:
            yield text
            continue
        for kind, count in zip(KINDS, (1, len(text.entities), len(text.relations)), strict=True):
            report.skip(kind, reason, text.source, count=count)


class _Reader:
    """Reads files.

    Args:
        options: Which layers.
    """

    def __init__(self, options: ReadingOptions) -> None:
        self._options = options
        self._cassis: Any = import_extra("cassis", "format 'inception'", "cas", "dkpro-cassis")
        self._etree: Any = import_extra("lxml.etree", "format 'inception'", "cas")
        self._type_system = cache(self._parse_types)

    def __call__(self, file: CasFile, location: Location, report: Report) -> AnnotatedText | None:
        """The text of a file; `None`, and a fault, if there is none."""
        try:
            data = file.content()
            types = file.types() if file.is_xmi and file.types is not None else None
        except UNREADABLE as error:
            report.fault(location, "", f"a ZIP archive that cannot be read ({error})", ALLOWED)
            return None
        if not data.strip():
            report.fault(location, "", "an empty file", ALLOWED)
            return None
        if file.is_xmi and types is None:
            report.fault(
                location, "TypeSystem.xml", "no such file", "beside the XMI, as in the ZIP archive of an export"
            )
            return None
        raw = raw_xmi(data, self._etree, location, report) if file.is_xmi else raw_json(data, location, report)
        if raw is None:
            return None
        cas = _loaded(partial(self._load, raw.content, types), location, report)
        return None if cas is None else _Document(cas, raw, location, report).read(file, self._options)

    def _load(self, content: bytes, types: bytes | None) -> Any:
        if types is None:
            return self._cassis.load_cas_from_json(io.BytesIO(content))
        return self._cassis.load_cas_from_xmi(io.BytesIO(content), self._type_system(types))

    def _parse_types(self, data: bytes) -> Any:
        return self._cassis.load_typesystem(io.BytesIO(data))


def _loaded(load: Callable[[], Any], location: Location, report: Report) -> Any:
    """What a function of cassis gives; `None`, and a fault, if it fails, which it does in many ways."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return load()
    except Exception as error:
        what = " ".join(str(error).split())[:200]
        report.fault(location, "", f"a CAS that cannot be loaded ({type(error).__name__}: {what})", ALLOWED)
        return None


class _Document:
    """A CAS that has been loaded.

    Args:
        cas: As cassis has it.
        raw: As it is in the file.
        location: Where it lies.
        report: Takes the faults.
    """

    def __init__(self, cas: Any, raw: RawCas, location: Location, report: Report) -> None:
        self._cas, self._raw, self._location, self._report = cas, raw, location, report
        self._entities: list[TextEntity] = []
        self._positions: dict[int, int] = {}
        self._left_out: set[int] = set()

    def read(self, file: CasFile, options: ReadingOptions) -> AnnotatedText | None:
        """The text with the annotations of its layers."""
        view = self._view()
        text = None if view is None else view.sofa_string
        if not isinstance(text, str):
            given = "nothing" if text is None else short_repr(text)
            self._report.fault(self._location, "sofaString", given, "the document's text")
            return None
        members = [each for each in view.select_all_fs() if each.xmiID in self._raw.places]
        layers = choose_layers(self._cas.typesystem, members, options, self._location, self._report)
        if layers is None:
            return None
        relations = [each for each in members if each.type.name in layers.relations]
        self._read_entities(layers, text, members, relations)
        told = self._meta_data(members)
        return AnnotatedText(
            text,
            self._entities,
            [*self._read_relations(layers, relations)],
            told.get("documentTitle") or file.name,
            self._location,
            {"annotator": told.get("documentId") or file.name},
        )

    def _view(self) -> Any:
        """The view with the text."""
        names = [sofa.sofaID for sofa in self._cas.sofas if sofa.sofaString is not None]
        if not names:
            return None
        return self._cas.get_view(_MAIN_VIEW if _MAIN_VIEW in names else names[0])

    def _meta_data(self, members: list[Any]) -> dict[str, str]:
        found = next((each for each in members if each.type.name == META_DATA), None)
        values = {name: getattr(found, name, None) for name in ("documentTitle", "documentId")}
        return {name: value for name, value in values.items() if isinstance(value, str) and value}

    def _read_entities(self, layers: Layers, text: str, members: list[Any], relations: list[Any]) -> None:
        if layers.entity is None:
            return
        indexed = {each.xmiID: each for each in members if self._is_entity(each, layers)}
        ends: list[Any] = [getattr(each, end, None) for each in relations for end in ENDS]
        unindexed = {each.xmiID: each for each in ends if self._is_entity(each, layers) and each.xmiID not in indexed}
        feature = label_feature(self._cas.typesystem.get_type(layers.entity))
        if feature is None and indexed:
            self._report.note(f"the layer {layers.entity} has no feature for a label: its entities have none")
        units = {unit: Offsets(text, unit) for unit in ("utf-16", "code-points")}
        found = indexed | unindexed
        for number in (each for each in self._raw.places if each in found):
            place = f"{layers.entity}#{number}"
            if number in unindexed:
                what = "no longer in the tool's index, but an end of a relation: kept"
                self._report.change("entities", what, self._location, place)
            # Those without a text were written by cassis, which converts the offsets of the others only.
            offsets = units["code-points" if number in self._raw.without_sofa else "utf-16"]
            self._read_entity(number, None if feature is None else getattr(found[number], feature), offsets, place)

    def _read_entity(self, number: int, label: object, offsets: Offsets, field: str) -> None:
        begin, end = self._raw.places[number]
        if type(begin) is int and begin == end and 0 <= begin <= offsets.length:
            self._report.skip("entities", "of no characters", self._location, field)
            self._left_out.add(number)
            return
        span = span_of(begin, end, offsets, self._location, field, self._report, first="begin")
        name, usable = label_of(label, self._location, f"{field}.label", self._report)
        if span is not None and usable:
            self._positions[number] = len(self._entities)
            self._entities.append(TextEntity(name, *span))

    def _is_entity(self, structure: Any, layers: Layers) -> bool:
        kind = getattr(structure, "type", None)
        return kind is not None and self._cas.typesystem.is_instance_of(kind.name, layers.entity)

    def _read_relations(self, layers: Layers, relations: list[Any]) -> Iterator[TextRelation]:
        features = {name: label_feature(self._cas.typesystem.get_type(name)) for name in layers.relations}
        by_number = {each.xmiID: each for each in relations}
        for number in (each for each in self._raw.places if each in by_number):
            relation = by_number[number]
            field = f"{relation.type.name}#{number}"
            ends: list[Any] = [getattr(relation, end, None) for end in ENDS]
            missing = [name for name, end in zip(ENDS, ends, strict=True) if not hasattr(end, "xmiID")]
            for end in missing:
                given = self._raw.ends.get((number, end), getattr(relation, end, None))
                told = "nothing" if given is None else f"{short_repr(given)}, which no annotation has"
                allowed = f"the id of an annotation of the layer {layers.entity}"
                self._report.fault(self._location, f"{field}.{end}", told, allowed)
            feature = features[relation.type.name]
            label = None if feature is None else getattr(relation, feature)
            name, usable = label_of(label, self._location, f"{field}.label", self._report)
            if missing or not usable:
                continue
            head, tail = (self._positions.get(end.xmiID) for end in ends)
            if head is not None and tail is not None:
                yield TextRelation(name, head, tail)
            else:
                self._skip(ends, layers, field)

    def _skip(self, ends: list[Any], layers: Layers, field: str) -> None:
        """Say why a relation is not given on, if that is not a fault of one of its ends, which is told."""
        if any(end.type.name == TOKEN for end in ends):
            self._report.skip("relations", "of tokens, not of entities", self._location, field)
        elif not all(layers.entity is not None and self._is_entity(end, layers) for end in ends):
            self._report.skip("relations", "an end of it is in another layer", self._location, field)
        elif any(end.xmiID in self._left_out for end in ends):
            self._report.skip("relations", "of a mention that is left out", self._location, field)
