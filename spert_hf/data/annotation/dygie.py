"""DyGIE++'s and SciERC's JSON Lines: sentences of tokens, with spans of a document's tokens, both ends included.

The text is put together from the tokens, a sentence a line. It becomes documents by the rules for text, as that of
every other tool does.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

from ...model.messages import integer
from ..detokenization import join_tokens
from ..faults import Location, is_name, list_names, short_repr
from .annotated_text import AnnotatedText, TextEntity, TextRelation
from .checks import label_of, list_in
from .json_items import read_json_lines
from .options import ReadingOptions
from .report import Report
from .sample import Sample

_ALLOWED = "a JSON object with sentences, ner and relations"
_OWN = ("doc_key", "dataset", "sentences", "ner", "relations")
_NOT_A_MENTION = "its head or tail is no mention"


def recognises(sample: Sample) -> bool:
    """Whether the first line has sentences, and something that is said of them."""
    first = sample.first_object
    return isinstance(first.get("sentences"), list) and any(key in first for key in ("ner", "relations", "doc_key"))


def read(path: Path, options: ReadingOptions, report: Report) -> Iterator[AnnotatedText]:
    """Read the texts."""
    unread: dict[str, None] = {}
    records: dict[Hashable, int] = {}
    for location, record in read_json_lines(path, report, _ALLOWED):
        unread.update(dict.fromkeys(key for key, value in record.items() if key not in _OWN and value))
        if _has_own_key(record, records, location, report):
            yield from _Record(record, location, report).texts()
    if unread:
        report.note(f"{path.name}: not read, as there is no place for it: {list_names([*unread])}")


def _has_own_key(record: Mapping[str, Any], records: dict[Hashable, int], location: Location, report: Report) -> bool:
    """Whether no other text of the file has the same key; else that is at fault."""
    key = record.get("doc_key")
    if key is None:
        return True
    if not isinstance(key, (str, int)):
        report.fault(location, "doc_key", short_repr(key), "a string")
        return False
    earlier = records.setdefault(key, location.record or 0)
    if earlier != location.record:
        given = f"{short_repr(key)}, as in record {earlier}"
        report.fault(location, "doc_key", given, "one that no other text of the file has")
        return False
    return True


class _Record:
    """Reads a line.

    Args:
        record: The line.
        location: Where it stands.
        report: Takes faults and counts.
    """

    def __init__(self, record: Mapping[str, Any], location: Location, report: Report) -> None:
        self._record = record
        self._location = location
        self._report = report
        self._places: list[tuple[int, int]] = []
        self._borders: list[int] = []

    def texts(self) -> Iterator[AnnotatedText]:
        """The text, unless its tokens are at fault."""
        sentences = self._sentences()
        if sentences is None:
            return
        joined = [join_tokens(tokens) for tokens in sentences]
        beginnings = accumulate((len(text) + 1 for text, _ in joined), initial=0)
        for (_, places), offset in zip(joined, beginnings, strict=False):
            self._places += [(start + offset, end + offset) for start, end in places]
        self._borders = [0, *accumulate(map(len, sentences))]
        entities, by_place = self._entities()
        relations = [*self._relations(by_place)]
        key, extra = self._record.get("doc_key"), {}
        if self._record.get("dataset") is not None:
            extra["dataset"] = self._record["dataset"]
        identifier = None if key is None else str(key)
        yield AnnotatedText(
            "\n".join(text for text, _ in joined), entities, relations, identifier, self._location, extra
        )

    def _sentences(self) -> list[list[str]] | None:
        given = self._record.get("sentences")
        if not isinstance(given, list):
            value = short_repr(given) if "sentences" in self._record else "nothing"
            self._report.fault(self._location, "sentences", value, "a list of lists of tokens")
            return None
        before = len(self._report.faults)
        for number, tokens in enumerate(given):
            if not isinstance(tokens, list):
                self._report.fault(self._location, f"sentences[{number}]", short_repr(tokens), "a list of tokens")
                continue
            for place, token in enumerate(tokens):
                if not is_name(token):
                    field = f"sentences[{number}][{place}]"
                    self._report.fault(self._location, field, short_repr(token), "a token, with something to be seen")
        return given if len(self._report.faults) == before else None

    def _items(self, key: str, least: int, form: str) -> Iterator[tuple[str, list[Any], int]]:
        """What is said of sentences: its field, the item, and the sentence's number."""
        by_sentence = list_in(self._record, key, self._location, self._report)
        count = len(self._borders) - 1
        if by_sentence and len(by_sentence) != count:
            given = f"a list of {len(by_sentence)}"
            self._report.fault(self._location, key, given, f"a list for each of the {count} sentences")
            return
        for sentence, items in enumerate(by_sentence):
            if not isinstance(items, list):
                self._report.fault(self._location, f"{key}[{sentence}]", short_repr(items), "a list")
                continue
            for number, item in enumerate(items):
                field = f"{key}[{sentence}][{number}]"
                if isinstance(item, list) and len(item) >= least:
                    yield field, item, sentence
                else:
                    self._report.fault(self._location, field, short_repr(item), f"a list: {form}")

    def _entities(self) -> tuple[list[TextEntity], dict[tuple[int, int], int | None]]:
        """The mentions that are not at fault, and for each place the position of its first one, or `None` for none."""
        entities: list[TextEntity] = []
        by_place: dict[tuple[int, int], int | None] = {}
        for field, item, sentence in self._items("ner", 3, "its first token, its last one and its type"):
            place = self._place(item, 0, field, sentence)
            name, usable = label_of(item[2], self._location, f"{field}[2]", self._report)
            if place is None:
                continue
            if by_place.get(place) is None:
                by_place[place] = len(entities) if usable else None
            if usable:
                entities.append(TextEntity(name, *place))
        return entities, by_place

    def _relations(self, by_place: Mapping[tuple[int, int], int | None]) -> Iterator[TextRelation]:
        form = "the head's first and last token, the tail's, and the type"
        for field, item, sentence in self._items("relations", 5, form):
            head, tail = (self._place(item, first, field, sentence) for first in (0, 2))
            name, usable = label_of(item[4], self._location, f"{field}[4]", self._report)
            if head is None or tail is None or not usable:
                continue
            if head not in by_place or tail not in by_place:
                self._report.skip("relations", _NOT_A_MENTION, self._location, field)
                continue
            first, second = by_place[head], by_place[tail]
            if first is not None and second is not None:
                yield TextRelation(name, first, second)

    def _place(self, item: list[Any], first: int, field: str, sentence: int) -> tuple[int, int] | None:
        """The characters of a span of tokens; `None`, and a fault, if its sentence has no such tokens."""
        least, behind = self._borders[sentence : sentence + 2]
        if least == behind:
            self._report.fault(self._location, field, short_repr(item), "absent, as its sentence has no tokens")
            return None
        allowed = f"{integer(least, behind - 1)}, a token of its sentence"
        for place in (first, first + 1):
            value = item[place]
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value < behind:
                self._report.fault(self._location, f"{field}[{place}]", short_repr(value), allowed)
                return None
        start, last = item[first : first + 2]
        if last < start:
            given, allowed = f"{last}", f"the first token, {start}, or one behind it"
            self._report.fault(self._location, f"{field}[{first + 1}]", given, allowed)
            return None
        return self._places[start][0], self._places[last][1]
