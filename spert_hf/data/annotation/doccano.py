"""doccano's JSON Lines: spans with ids and relations of ids, or labelled spans alone, by annotator in a ZIP archive.

No file says what its offsets count. By default doccano counts UTF-16 units, in projects with the setting "count
grapheme clusters as one character" those: where it makes a difference, the mentions show it, as they begin and end at
words.
"""

from __future__ import annotations

import zipfile
from collections.abc import Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, pairwise
from pathlib import Path
from typing import Any, BinaryIO, cast

from ...files.atomic import write_atomically
from ..faults import Location, list_names, short_repr
from ..textfiles import parse_json, read_lines, to_json_line
from .annotated_text import AnnotatedText, TextEntity, TextRelation
from .checks import label_of, list_in, span_of, text_in
from .json_items import parse_json_lines
from .offset_evidence import OffsetEvidence, may_matter
from .offsets import Offsets
from .options import ReadingOptions, WritingOptions
from .plain_form import leave_out_text, places_of, plain_form
from .report import Report
from .sample import UNREADABLE, Sample

_ALLOWED = "a JSON object of doccano's JSONL export, with text and entities, label or labels"
_SPANS = ("entities", "label", "labels")
_OLD = "annotations"
"""What versions had that gave numbers for labels."""

_TEXTS = ("text", "data")
_OWN = {*_SPANS, *_TEXTS, "id", "relations"}
_OFFSETS = ("start_offset", "end_offset")


def recognises(sample: Sample) -> bool:
    """Whether there are texts with spans as doccano writes them, in the file or in a file of the archive."""
    if sample.names:
        members = [name for name in sample.names if name.endswith(".jsonl")] if sample.path.is_file() else []
        return any(recognises(sample.of_member(name)) for name in members)
    return any(map(_is_own, sample.objects()))


def read(path: Path, options: ReadingOptions, report: Report) -> Iterator[AnnotatedText]:
    """Read the texts of a file, or of every annotator's file in the export's archive."""
    export = _Export(path, options)
    if export.fault:
        report.fault(Location(str(path)), "", *export.fault)
        return
    known = _look(export, options, report)
    for name in export.names:
        reader = _FileReader(name, export.is_archive, known, options, report)
        try:
            with export.open(name) as stream:
                yield from reader.texts(stream, export.source(name))
        except UNREADABLE as error:
            report.fault(Location(export.source(name)), "", _damage(error), "a file that can be unpacked")


def write(texts: Iterable[AnnotatedText], path: Path, options: WritingOptions, report: Report) -> None:
    """Write the texts for an import in the format `JSONL` into a project of relations."""
    entity_ids, relation_ids = count(1), count(1)
    written = (_Writer(text, options.offsets or "utf-16", report) for text in texts)
    write_atomically(
        path, (f"{to_json_line(each.record(entity_ids, relation_ids))}\n" for each in written if each.kept)
    )


def _is_own(record: Mapping[str, Any]) -> bool:
    """Whether a record's spans, of which there may be none, are in doccano's form."""
    if not any(key in record for key in _TEXTS) or "tokens" in record:
        return False
    items = record.get("entities", record.get(_OLD))
    if isinstance(items, list):
        if not items:
            return "relations" in record and "Comments" in record
        return all(isinstance(item, Mapping) and "start_offset" in item for item in items)
    spans = record.get("label", record.get("labels"))
    return isinstance(spans, list) and all(isinstance(span, list) and len(span) == 3 for span in spans)


class _Export:
    """An export: a file, or an archive with a file for each annotator.

    Args:
        path: Where it is.
        options: Whose file is wanted.
    """

    def __init__(self, path: Path, options: ReadingOptions) -> None:
        self.path = path
        self.is_archive = zipfile.is_zipfile(path)
        self.names: list[str] = [path.name]
        self.fault: tuple[str, str] | None = None
        """What is given and what is allowed, if nothing can be read."""
        if self.is_archive:
            self._list(options.user)

    def _list(self, user: str | None) -> None:
        try:
            with zipfile.ZipFile(self.path) as archive:
                self.names = sorted(name for name in archive.namelist() if name.endswith(".jsonl"))
        except (*UNREADABLE, OSError) as error:
            self.fault = _damage(error), "a ZIP archive of .jsonl files"
            return
        users = [*map(annotator_of, self.names)]
        if not users:
            self.fault = "an archive without a .jsonl file", "doccano's export in the format JSONL"
        elif user is not None and user not in users:
            self.fault = f"annotations by {user}", f"by one of {list_names(users)}"

    def source(self, name: str) -> str:
        """What places call a file."""
        return str(self.path / name) if self.is_archive else str(self.path)

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Open a file for reading."""
        if not self.is_archive:
            with self.path.open("rb") as file:
                yield file
            return
        with zipfile.ZipFile(self.path) as archive:
            try:
                stream = archive.open(name)
            except OSError as error:  # it lies where the archive says, which is nowhere
                raise zipfile.BadZipFile(str(error)) from error
            with stream:
                yield cast("BinaryIO", stream)


def annotator_of(name: str) -> str:
    """Whose annotations a file of the archive holds."""
    return Path(name).stem


def _damage(error: Exception) -> str:
    return f"a damaged or encrypted one ({' '.join(str(error).split())[:100]})"


@dataclass(slots=True)
class _Known:
    """What is known of an export before its texts are given.

    Attributes:
        unit: What offsets count.
        latest: For each text's id the annotator's file that has its latest annotations, behind whether there are any
            and their highest id.
    """

    unit: str
    latest: dict[Hashable, tuple[tuple[bool, int], str]] = field(default_factory=dict)


def _look(export: _Export, options: ReadingOptions, report: Report) -> _Known:
    """Go through an export for what no single text says; its faults are left to the reading."""
    evidence = OffsetEvidence("utf-16", ("graphemes", "code-points"))
    known = _Known(options.offsets or "utf-16")
    several = len(export.names) > 1 and options.annotations == "latest"
    for name in export.names if several or options.offsets is None else ():
        for record in _records_of(export, name, every=several):
            evidence.add(_text_of(record), _places_in(record))
            _note_latest(known, record, name)
    if options.offsets is None:
        known.unit = evidence.unit()
        for note in evidence.notes(export.path.name, "doccano"):
            report.note(note)
    if options.user is not None and not export.is_archive:
        report.note(f"{export.path.name} does not say who made its annotations: all of them are read")
    return known


def _records_of(export: _Export, name: str, every: bool) -> Iterator[dict[str, Any]]:
    """The objects of a file, or only those whose offsets may depend on the unit."""
    try:
        with export.open(name) as stream:
            for line in read_lines(stream):
                if isinstance(line.content, str) and (every or may_matter(line.content)):
                    value = parse_json(line.content, Location(name), _ALLOWED)
                    if isinstance(value, dict):
                        yield value
    except UNREADABLE:
        return


def _text_of(record: Mapping[str, Any]) -> object:
    return record.get("text", record.get("data"))


def _places_in(record: Mapping[str, Any]) -> Iterator[tuple[object, object]]:
    """What a record gives for starts and ends, whatever it is."""
    _, spans = _spans_of(record)
    for span in spans if isinstance(spans, list) else ():
        if isinstance(span, Mapping):
            yield span.get("start_offset"), span.get("end_offset")
        elif isinstance(span, list) and len(span) > 1:
            yield span[0], span[1]


def _spans_of(record: Mapping[str, Any]) -> tuple[str | None, Any]:
    """The key under which a record has its spans, and what stands there."""
    key = next((key for key in _SPANS if key in record), None)
    return key, None if key is None else record[key]


def _note_latest(known: _Known, record: Mapping[str, Any], name: str) -> None:
    """Annotations are numbered as they are made, so whoever has the highest number was the last one."""
    identifier = record.get("id")
    if not _is_id(identifier):
        return
    _, spans = _spans_of(record)
    given = spans if isinstance(spans, list) else []
    ids = [span["id"] for span in given if isinstance(span, Mapping) and isinstance(span.get("id"), int)]
    rank = (bool(given), max(ids, default=0))
    best = known.latest.get(identifier)
    if best is None or rank > best[0]:
        known.latest[identifier] = (rank, name)


def _is_id(value: object) -> bool:
    return isinstance(value, (int, str)) and not isinstance(value, bool)


class _FileReader:
    """Reads the texts of an annotator's file.

    Args:
        name: The file's.
        is_archive: Whether it is one of several.
        known: What is known of the whole export.
        options: Whose annotations are wanted.
        report: Takes faults and counts.
    """

    def __init__(self, name: str, is_archive: bool, known: _Known, options: ReadingOptions, report: Report) -> None:
        self._name = name
        self._known = known
        self._options = options
        self._report = report
        self._annotator = annotator_of(name) if is_archive else None
        self._records: dict[Hashable, int] = {}

    def texts(self, stream: BinaryIO, source: str) -> Iterator[AnnotatedText]:
        """The texts that are wanted and not at fault."""
        for location, record in parse_json_lines(stream, source, self._report, _ALLOWED):
            key, spans = _spans_of(record)
            if key is None:
                given = f"an object with {list_names([*map(short_repr, record)]) or 'nothing in it'}"
                if _OLD in record:
                    given = "one of an old version, whose labels are numbers without names"
                self._report.fault(location, "", given, _ALLOWED)
                continue
            text = text_in(
                record, "data" if "text" not in record and "data" in record else "text", location, self._report
            )
            reason = self._not_wanted(record.get("id"))
            if not self._has_own_id(record, location) or text is None:
                continue
            if reason is None:
                yield self._text(text, key, record, location)
                continue
            self._report.skip("texts", reason, location)
            for kind, items in (("entities", spans), ("relations", record.get("relations"))):
                self._report.skip(kind, reason, location, count=len(items) if isinstance(items, list) else 0)

    def _not_wanted(self, identifier: object) -> str | None:
        """Why a text with this id is left out, if it is."""
        if self._annotator is None or self._options.annotations == "all":
            return None
        if self._options.user is not None:
            return None if self._annotator == self._options.user else f"not by {self._options.user}"
        latest = self._known.latest.get(identifier) if _is_id(identifier) else None
        if latest is None or latest[1] == self._name:
            return None
        return "another annotator's are later (--annotations all, or by USER, takes these)"

    def _has_own_id(self, record: Mapping[str, Any], location: Location) -> bool:
        """Whether no other text of the file has the same id; else that is at fault."""
        identifier = record.get("id")
        if identifier is None:
            return True
        if not _is_id(identifier):
            self._report.fault(location, "id", short_repr(identifier), "an integer or a string")
            return False
        earlier = self._records.setdefault(identifier, location.record or 0)
        if earlier != location.record:
            given = f"{short_repr(identifier)}, as in record {earlier}"
            self._report.fault(location, "id", given, "one that no other text of the file has")
            return False
        return True

    def _text(self, text: str, key: str, record: Mapping[str, Any], location: Location) -> AnnotatedText:
        offsets = Offsets(text, self._known.unit)
        if key == "entities":
            entities, numbers = self._entities(record, offsets, location)
            relations = [*self._relations(record, numbers, location)]
        else:
            entities, relations = [*self._triples(record, key, offsets, location)], []
        identifier = record.get("orig_id", record.get("id"))
        extra = {name: value for name, value in record.items() if name not in _OWN}
        if self._annotator is not None:
            extra["annotator"] = self._annotator
        return AnnotatedText(
            text, entities, relations, None if identifier is None else str(identifier), location, extra
        )

    def _triples(
        self, record: Mapping[str, Any], key: str, offsets: Offsets, location: Location
    ) -> Iterator[TextEntity]:
        """The mentions of a project without relations."""
        for number, item in enumerate(list_in(record, key, location, self._report)):
            place = f"{key}[{number}]"
            if not isinstance(item, list) or len(item) != 3:
                self._report.fault(location, place, short_repr(item), "a list of start, end and label")
                continue
            span = span_of(item[0], item[1], offsets, location, place, self._report)
            name, usable = label_of(item[2], location, f"{place}[2]", self._report)
            if span is not None and usable:
                yield TextEntity(name, *span)

    def _entities(
        self, record: Mapping[str, Any], offsets: Offsets, location: Location
    ) -> tuple[list[TextEntity], dict[Hashable, int | None]]:
        """The mentions that are not at fault, and for each id the position among them; `None` if it has none."""
        entities: list[TextEntity] = []
        numbers: dict[Hashable, int | None] = {}
        for number, item in enumerate(list_in(record, "entities", location, self._report)):
            place = f"entities[{number}]"
            if not isinstance(item, Mapping):
                self._report.fault(location, place, short_repr(item), "an object with label and offsets")
                continue
            span = span_of(
                item.get(_OFFSETS[0]), item.get(_OFFSETS[1]), offsets, location, place, self._report, "end_offset"
            )
            name, usable = label_of(item.get("label"), location, f"{place}.label", self._report)
            if self._is_new(item, numbers, location, place) and span is not None and usable:
                numbers[item.get("id")] = len(entities)
                entities.append(TextEntity(name, *span))
        return entities, numbers

    def _is_new(
        self, item: Mapping[str, Any], numbers: dict[Hashable, int | None], location: Location, place: str
    ) -> bool:
        """Whether a mention has no id or one of its own; else that is at fault."""
        identifier = item.get("id")
        if identifier is None:
            return True
        if _is_id(identifier) and identifier not in numbers:
            numbers[identifier] = None
            return True
        allowed = "one that no other mention has" if _is_id(identifier) else "an integer or a string"
        self._report.fault(location, f"{place}.id", short_repr(identifier), allowed)
        return False

    def _relations(
        self, record: Mapping[str, Any], numbers: Mapping[Hashable, int | None], location: Location
    ) -> Iterator[TextRelation]:
        for number, item in enumerate(list_in(record, "relations", location, self._report)):
            place = f"relations[{number}]"
            if not isinstance(item, Mapping):
                self._report.fault(location, place, short_repr(item), "an object with from_id, to_id and type")
                continue
            name, usable = label_of(item.get("type"), location, f"{place}.type", self._report)
            head, tail = (self._end(item, key, numbers, location, f"{place}.{key}") for key in ("from_id", "to_id"))
            if usable and head is not None and tail is not None:
                yield TextRelation(name, head, tail)

    def _end(
        self,
        item: Mapping[str, Any],
        key: str,
        numbers: Mapping[Hashable, int | None],
        location: Location,
        place: str,
    ) -> int | None:
        """The position of a relation's head or tail; `None` where it is, or the mention is, at fault."""
        identifier = item.get(key)
        if _is_id(identifier) and identifier in numbers:
            return numbers[identifier]
        given = short_repr(identifier) if key in item else "nothing"
        allowed = f"the id of one of the text's {len(numbers):,} mentions"
        self._report.fault(location, place, given, allowed)
        return None


class _Writer:
    """What doccano imports for a text.

    Args:
        text: The text.
        unit: What the project's offsets count.
        report: Takes the counts.
    """

    def __init__(self, text: AnnotatedText, unit: str, report: Report) -> None:
        self._report = report
        self._text = plain_form(text, report)
        self._offsets = Offsets(text.text, unit)
        self.kept = bool(text.text)
        """Whether doccano takes the text."""
        if not self.kept:
            leave_out_text(self._text, "an empty text, which doccano refuses", report)
        self._say_what_is_lost()

    def record(self, entity_ids: Iterator[int], relation_ids: Iterator[int]) -> dict[str, Any]:
        """The line of the file.

        Args:
            entity_ids: Gives numbers that no other mention of the file has.
            relation_ids: And of relations.
        """
        text = self._text
        self._report.written.update(texts=1, entities=len(text.entities), relations=len(text.relations))
        entities = [
            {
                "id": next(entity_ids),
                "label": entity.type,
                **places_of(entity, number, text, self._offsets, self._report, _OFFSETS),
            }
            for number, entity in enumerate(text.entities)
        ]
        ids = [entity["id"] for entity in entities]
        relations = [
            {"id": next(relation_ids), "from_id": ids[one.head], "to_id": ids[one.tail], "type": one.type}
            for one in text.relations
        ]
        orig_id = {} if text.id is None else {"orig_id": text.id}
        return {"text": text.text, "entities": entities, "relations": relations, **orig_id}

    def _say_what_is_lost(self) -> None:
        places = sorted((entity.start, entity.end) for entity in self._text.entities)
        if any(start < end for (_, end), (start, _) in pairwise(places)):
            self._report.note("some mentions overlap: doccano drops the later ones unless the project allows overlaps")
        scores = [*(one.score for one in self._text.entities), *(one.score for one in self._text.relations)]
        if any(score is not None for score in scores):
            self._report.note("scores are not written: doccano has no place for them")
