"""Prodigy's JSON Lines: tokens, spans and, from `rel.manual`, relations, whose ends are named by their last tokens."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from ...files.atomic import write_atomically
from ...model.messages import either, integer, must_be
from ...model.text_reader import TextReader
from ...model.text_reading import TextReading
from ..faults import Location, list_names, short_repr
from ..textfiles import parse_json, read_lines, to_json_line
from .annotated_text import AnnotatedText, TextEntity, TextRelation
from .checks import label_of, list_in, score_of, span_of, text_in
from .json_items import read_json_lines
from .offsets import Offsets
from .options import ReadingOptions, WritingOptions
from .plain_form import plain_form
from .report import Report
from .sample import Sample

_ALLOWED = "a JSON object of Prodigy with text, and spans or tokens"
_OWN = ("text", "spans", "tokens", "relations")
_MARKS = ("_task_hash", "_input_hash", "_view_id")
_ANSWERS = ("accept", "reject", "ignore")
_ENDS = ("head", "child")
_NOT_A_MENTION = "its head or child is a token, or a place, that no mention covers"


def recognises(sample: Sample) -> bool:
    """Whether there are texts with Prodigy's hashes, or with spans of tokens that have places."""
    return any(map(_is_own, sample.objects()))


def read(path: Path, options: ReadingOptions, report: Report) -> Iterator[AnnotatedText]:
    """Read the texts that were accepted."""
    latest = _latest(path) if options.annotations == "latest" else None
    for location, record in read_json_lines(path, report, _ALLOWED):
        if "spans" not in record and "tokens" not in record:
            given = f"an object with {list_names([*map(short_repr, record)]) or 'nothing in it'}"
            report.fault(location, "", given, _ALLOWED)
            continue
        answer = record.get("answer", "accept")
        if answer not in _ANSWERS:
            report.fault(location, "answer", short_repr(answer), either(_ANSWERS))
            continue
        reason = _not_wanted(record, options.user)
        if reason is None and latest is not None and latest.get(_key(record), location.line) != location.line:
            reason = "there are later annotations of the text (--annotations all takes these)"
        if reason is None:
            yield from _Record(record, location, options, report).texts()
            continue
        report.skip("texts", reason, location)
        for kind, key in (("entities", "spans"), ("relations", "relations")):
            items = record.get(key)
            report.skip(kind, reason, location, count=len(items) if isinstance(items, list) else 0)


def write(texts: Iterable[AnnotatedText], path: Path, options: WritingOptions, report: Report) -> None:
    """Write the texts as `rel.manual` and `ner.manual` take them, with tokens at which mentions begin and end.

    Raises:
        ValueError: Offsets are to count something else than Prodigy does.
    """
    if options.offsets not in (None, "code-points"):
        raise ValueError(must_be("offsets", "left out, as Prodigy's count code points", repr(options.offsets)))
    words = TextReader(TextReading())
    write_atomically(path, (f"{to_json_line(_record(text, words, report))}\n" for text in texts))


def _is_own(record: Mapping[str, Any]) -> bool:
    if not isinstance(record.get("text"), str) or not ("spans" in record or "tokens" in record):
        return False
    tokens = record.get("tokens")
    placed = isinstance(tokens, list) and all(isinstance(each, Mapping) and "start" in each for each in tokens)
    return placed or any(mark in record for mark in _MARKS)


def _not_wanted(record: Mapping[str, Any], user: str | None) -> str | None:
    """Why an answer is left out, if it is."""
    answer = record.get("answer", "accept")
    if answer != "accept":
        return f"the answer is {answer}"
    return None if user is None or user in _annotators(record) else f"not by {user}"


def _annotators(record: Mapping[str, Any]) -> Iterator[str]:
    """The names of who has answered: a session's is behind that of its data set, too."""
    for name in (record.get("_annotator_id"), record.get("_session_id")):
        if isinstance(name, str):
            yield from (name, name.rpartition("-")[2])


def _latest(path: Path) -> dict[Hashable, int]:
    """For each text the line of the last answer that accepts it."""
    lines: dict[Hashable, tuple[float, int]] = {}
    with path.open("rb") as stream:
        for line in read_lines(stream):
            record = parse_json(line.content, Location(""), "") if isinstance(line.content, str) else None
            if isinstance(record, dict) and _not_wanted(record, None) is None:
                time = record.get("_timestamp")
                rank = (float(time) if isinstance(time, (int, float)) else 0.0, line.number)
                key = _key(record)
                lines[key] = max(lines.get(key, rank), rank)
    return {key: number for key, (_, number) in lines.items()}


def _key(record: Mapping[str, Any]) -> Hashable:
    """What is the same for answers to the same question: a hash would do if none were made up."""
    given = record.get("_input_hash")
    return hash(record["text"]) if isinstance(record.get("text"), str) else None, repr(given)


class _Record:
    """Reads an accepted line.

    Args:
        record: The line.
        location: Where it stands.
        options: What offsets count, where they are not code points.
        report: Takes faults and counts.
    """

    def __init__(self, record: Mapping[str, Any], location: Location, options: ReadingOptions, report: Report) -> None:
        self._record = record
        self._location = location
        self._unit = options.offsets or "code-points"
        self._report = report
        self._token_count = len(_mappings(record.get("tokens")))

    def texts(self) -> Iterator[AnnotatedText]:
        """The text, unless it is at fault."""
        record, location = self._record, self._location
        text = text_in(record, "text", location, self._report)
        if text is None:
            return
        offsets = Offsets(text, self._unit)
        mentions = _Mentions()
        self._read_spans(offsets, mentions)
        relations = [*self._relations(offsets, mentions)]
        meta = record.get("meta")
        identifier = meta.get("id") if isinstance(meta, Mapping) else None
        identifier = record.get("id") if identifier is None else identifier
        extra = {name: value for name, value in record.items() if name not in _OWN}
        yield AnnotatedText(
            text, mentions.entities, relations, None if identifier is None else str(identifier), location, extra
        )

    def _read_spans(self, offsets: Offsets, mentions: _Mentions) -> None:
        report, location = self._report, self._location
        ends = _token_ends(self._record, offsets)
        for number, item in enumerate(list_in(self._record, "spans", location, report)):
            field = f"spans[{number}]"
            if not isinstance(item, Mapping):
                report.fault(location, field, short_repr(item), "an object with start, end and label")
                continue
            place = span_of(item.get("start"), item.get("end"), offsets, location, field, report)
            name, usable = label_of(item.get("label"), location, f"{field}.label", report)
            last = item.get("token_end")
            if place is None:
                mentions.faulty.add(last if _is_index(last) else None)
            elif usable:
                last = last if _is_index(last) else ends.get(place[1])
                mentions.add(TextEntity(name, *place, score=score_of(item)), last)

    def _relations(self, offsets: Offsets, mentions: _Mentions) -> Iterator[TextRelation]:
        report, location = self._report, self._location
        for number, item in enumerate(list_in(self._record, "relations", location, report)):
            field = f"relations[{number}]"
            if not isinstance(item, Mapping):
                report.fault(location, field, short_repr(item), "an object with head, child and label")
                continue
            name, usable = label_of(item.get("label"), location, f"{field}.label", report)
            head, tail = (self._end(item, key, offsets, mentions, field) for key in _ENDS)
            if not usable or head is None or tail is None:
                continue
            if isinstance(head, int) and isinstance(tail, int):
                yield TextRelation(name, head, tail, score=score_of(item))
            else:
                report.skip("relations", head if isinstance(head, str) else str(tail), location, field)

    def _end(
        self, item: Mapping[str, Any], key: str, offsets: Offsets, mentions: _Mentions, field: str
    ) -> int | str | None:
        """The position of a relation's head or child, or why it has none; `None` where it is at fault."""
        span = item.get(f"{key}_span")
        if span is not None:
            return self._end_at(span, offsets, mentions, f"{field}.{key}_span")
        last = item.get(key)
        if not isinstance(last, int) or not _is_index(last) or last >= self._token_count:
            allowed = "absent, as there are no tokens"
            if self._token_count:
                allowed = f"{integer(0, self._token_count - 1)}, a token's number"
            given = short_repr(last) if key in item else "nothing"
            self._report.fault(self._location, f"{field}.{key}", given, allowed)
            return None
        found = mentions.by_last_token.get(last, [])
        if len(found) > 1:
            return "its head or child is the last token of several mentions"
        if not found:
            return None if last in mentions.faulty else _NOT_A_MENTION
        return found[0]

    def _end_at(self, span: object, offsets: Offsets, mentions: _Mentions, field: str) -> int | str | None:
        """The position of the mention that stands where a head or child does."""
        if not isinstance(span, Mapping):
            self._report.fault(self._location, field, short_repr(span), "an object with start and end")
            return None
        place = span_of(span.get("start"), span.get("end"), offsets, self._location, field, self._report)
        if place is None:
            return None
        found = mentions.by_place.get(place)
        if found is None:
            return _NOT_A_MENTION
        label = span.get("label")
        if isinstance(label, str) and label in found:
            return found[label]
        return next(iter(found.values()))


class _Mentions:
    """A text's mentions, by what relations call them."""

    def __init__(self) -> None:
        self.entities: list[TextEntity] = []
        self.by_place: dict[tuple[int, int], dict[str | None, int]] = {}
        self.by_last_token: dict[int, list[int]] = {}
        self.faulty: set[int | None] = set()
        """Last tokens of those that are at fault."""

    def add(self, entity: TextEntity, last_token: int | None) -> None:
        """Take a mention in."""
        position = len(self.entities)
        self.entities.append(entity)
        self.by_place.setdefault((entity.start, entity.end), {}).setdefault(entity.type, position)
        if last_token is not None:
            self.by_last_token.setdefault(last_token, []).append(position)


def _token_ends(record: Mapping[str, Any], offsets: Offsets) -> dict[int | None, int]:
    """For each place where a token ends the token's number."""
    ends: dict[int | None, int] = {}
    for number, token in enumerate(_mappings(record.get("tokens"))):
        end = token.get("end")
        if isinstance(end, int) and _is_index(end):
            ends[offsets.to_code_points(end)] = number
    return ends


def _mappings(items: object) -> list[Mapping[str, Any]]:
    return [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []


def _is_index(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _record(given: AnnotatedText, words: TextReader, report: Report) -> dict[str, Any]:
    text = plain_form(given, report, repeated=False)
    report.written.update(texts=1, entities=len(text.entities), relations=len(text.relations))
    tokens = _tokens(text, words)
    by_start = {start: number for number, (start, _) in enumerate(tokens)}
    by_end = {end: number for number, (_, end) in enumerate(tokens)}
    spans = [_span(text.text, entity, by_start, by_end) for entity in text.entities]
    places = sorted((entity.start, entity.end) for entity in text.entities)
    if any(start < end for (_, end), (start, _) in pairwise(places)):
        report.note("some mentions overlap, which Prodigy's relations interface does not show")
    return {
        "text": text.text,
        "tokens": [_token(text.text, number, *place) for number, place in enumerate(tokens)],
        "spans": spans,
        "relations": [_relation(relation, spans) for relation in text.relations],
        "meta": {} if text.id is None else {"id": text.id},
    }


def _tokens(text: AnnotatedText, words: TextReader) -> list[tuple[int, int]]:
    """The text's words, cut where mentions begin or end; white space is one where a mention begins or ends with it."""
    starts = {entity.start for entity in text.entities}
    ends = {entity.end for entity in text.entities}
    found = words(text.text).words
    borders = sorted({*starts, *ends, *(place for word in found for place in word)})
    tokens, number = [], 0
    for start, end in pairwise(borders):
        while number < len(found) and found[number][1] <= start:
            number += 1
        in_word = number < len(found) and found[number][0] <= start
        if in_word or start in starts or end in ends:
            tokens.append((start, end))
    return tokens


def _token(text: str, number: int, start: int, end: int) -> dict[str, Any]:
    space = text[end : end + 1].isspace()
    return {"text": text[start:end], "start": start, "end": end, "id": number, "ws": space, "disabled": False}


def _span(text: str, entity: TextEntity, by_start: Mapping[int, int], by_end: Mapping[int, int]) -> dict[str, Any]:
    return {
        "text": text[entity.start : entity.end],
        "start": entity.start,
        "end": entity.end,
        "token_start": by_start[entity.start],
        "token_end": by_end[entity.end],
        "type": "span",
        "label": entity.type,
        **({} if entity.score is None else {"score": entity.score}),
    }


def _relation(relation: TextRelation, spans: list[dict[str, Any]]) -> dict[str, Any]:
    head, child = spans[relation.head], spans[relation.tail]
    shown = ("start", "end", "token_start", "token_end", "label")
    return {
        "head": head["token_end"],
        "child": child["token_end"],
        "head_span": {key: head[key] for key in shown},
        "child_span": {key: child[key] for key in shown},
        "label": relation.type,
        **({} if relation.score is None else {"score": relation.score}),
    }
