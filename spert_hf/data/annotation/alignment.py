"""From annotated texts to documents: mentions of characters become spans of tokens, texts become sentences.

Tokens and sentences are those that a model with the default reading sees in the same text. Nothing is lost in silence:
what does not fit is changed or left out as the settings say, and counted in a report.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise

from ...model.messages import either, must_be
from ...model.text_reader import TextReader
from ...model.text_reading import TextReading
from ..documents import Document, Entity, Relation
from ..faults import Location, is_name, plain_name, short_repr
from ..word_spans import WordPlaces, split_at
from .annotated_text import AnnotatedText, TextEntity, TextRelation
from .report import Report

DOCUMENTS = ("sentences", "whole")
MISALIGNED = ("split", "expand", "drop")
DISCONTINUOUS = ("cover", "drop")


@dataclass(frozen=True, slots=True)
class AlignmentSettings:
    """What becomes of annotations that documents can't hold as they are.

    Attributes:
        documents: A document is a sentence (`"sentences"`) or a text (`"whole"`, which keeps relations across
            sentences).
        misaligned: Of a mention that begins or ends inside a token: the token is split there (`"split"`), the mention
            widened to whole tokens (`"expand"`) or left out (`"drop"`).
        discontinuous: Of a mention in several parts: one from its first to its last (`"cover"`), or none (`"drop"`).
        unlabelled_entity: The type of mentions without a label. Default: they are left out.
        unlabelled_relation: The type of relations without a label. Default: they are left out.
        reading: How text becomes tokens and sentences.

    Raises:
        ValueError: Naming the setting, what is allowed and what was given.
    """

    documents: str = "sentences"
    misaligned: str = "split"
    discontinuous: str = "cover"
    unlabelled_entity: str | None = None
    unlabelled_relation: str | None = None
    reading: TextReading = field(default_factory=TextReading)

    def __post_init__(self) -> None:
        choices = {"documents": DOCUMENTS, "misaligned": MISALIGNED, "discontinuous": DISCONTINUOUS}
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise ValueError(must_be(name, either(allowed), short_repr(getattr(self, name))))
        for name in ("unlabelled_entity", "unlabelled_relation"):
            if getattr(self, name) is not None and not is_name(getattr(self, name)):
                raise ValueError(must_be(name, "the name of a type", short_repr(getattr(self, name))))
        if self.reading.words == "tokenizer":
            raise ValueError(must_be("reading.words", "one that needs no tokenizer", "'tokenizer'"))


_ENDS = 100
"""Characters of a long mention's beginning and of its end; messages show fewer."""


class Aligner:
    """Turns annotated texts into documents.

    Args:
        settings: What becomes of what does not fit.
        report: Takes the counts.
    """

    def __init__(self, settings: AlignmentSettings, report: Report) -> None:
        self.settings = settings
        self.report = report
        reading = settings.reading
        self._read = TextReader(replace(reading, sequences="document") if settings.documents == "whole" else reading)

    def __call__(self, text: AnnotatedText) -> list[Document]:
        """The documents of a text, in its order; their records have the part of the text that they are made of."""
        report, where = self.report, text.source
        report.read("texts")
        report.read("entities", len(text.entities))
        report.read("relations", len(text.relations))
        read = self._read(text.text)
        if not read.words:
            self._leave_out_text(text)
            return []
        mentions = _Mentions(text, report)
        self._choose_types(mentions)
        self._join_fragments(mentions)
        _trim(mentions)
        words = self._align(mentions, read.words)
        mentions.merge_repeated()
        firsts = self._first_characters([read.words[first][0] for first, _ in read.sequences], mentions)
        documents = _cut(text, words, firsts, mentions, self._relations(mentions, where), report)
        report.written["texts"] += 1
        return documents

    def _leave_out_text(self, text: AnnotatedText) -> None:
        self.report.leave_out("texts", "nothing but white space", text.source)
        self.report.leave_out("entities", "in a text of white space", text.source, count=len(text.entities))
        self.report.leave_out("relations", "in a text of white space", text.source, count=len(text.relations))

    def _choose_types(self, mentions: _Mentions) -> None:
        """Give mentions without a label their type, or leave them out; make one of each further label."""
        for number, entity in [*mentions.entities()]:
            if entity.type is None and self.settings.unlabelled_entity is None:
                mentions.leave_out(number, "no label (--unlabelled-entity TYPE gives them one)")
            elif entity.type is None:
                mentions.update(number, replace(entity, type=self.settings.unlabelled_entity))
                mentions.changed(number, f"no label: taken for {self.settings.unlabelled_entity}")
            for name in entity.more_types:
                mentions.add(number, replace(entity, type=name, more_types=()))

    def _join_fragments(self, mentions: _Mentions) -> None:
        for number, entity in [*mentions.entities()]:
            if not entity.fragments or _is_continuous(mentions.text, entity.fragments):
                continue
            if self.settings.discontinuous == "drop":
                mentions.leave_out(number, "in several parts (--discontinuous cover keeps them)")
            else:
                mentions.changed(number, "in several parts: what lies between them is in the mention, too")

    def _align(self, mentions: _Mentions, words: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Have mentions begin and end at words; the words, split where mentions cut them."""
        places, cuts = WordPlaces(words), set[int]()
        for number, entity in [*mentions.entities()]:
            span = places.fit(entity.start, entity.end)
            if span is None:
                mentions.leave_out(number, "nothing that can be seen")
                continue
            if (span.start, span.end) != (entity.start, entity.end):
                mentions.update(number, replace(entity, start=span.start, end=span.end))
                mentions.changed(number, "characters of no token at its ends are left out")
            if not span.cuts:
                continue
            if self.settings.misaligned == "drop":
                mentions.leave_out(number, "begins or ends inside a token (--misaligned split or expand keeps it)")
            elif self.settings.misaligned == "expand":
                start, end = span.words
                mentions.update(number, replace(entity, start=start, end=end))
                mentions.changed(number, "begins or ends inside a token: widened to whole tokens")
            else:
                cuts |= span.cuts
                mentions.changed(number, "begins or ends inside a token: the token is split there")
        return split_at(words, cuts) if cuts else words

    def _first_characters(self, firsts: list[int], mentions: _Mentions) -> list[int]:
        """Where documents begin in the text: where sentences do, but inside mentions."""
        steps = [0] * (len(firsts) + 1)  # what is added, at each first character, to the number of mentions it is in
        for number, entity in mentions.entities():
            first, last = bisect_right(firsts, entity.start), bisect_left(firsts, entity.end)
            if first < last:
                mentions.changed(number, "lies in several sentences: they are one document")
                steps[first] += 1
                steps[last] -= 1
        return [first for first, inside in zip(firsts, accumulate(steps), strict=False) if not inside]

    def _relations(self, mentions: _Mentions, where: Location) -> list[TextRelation]:
        """The relations whose ends are kept, without those that repeat another, each with positions of mentions."""
        report, chosen, seen = self.report, self.settings.unlabelled_relation, set()

        def tell(count: Callable[[str, str, Location, str], None], number: int, what: str) -> None:
            count("relations", what, where, mentions.place_of_relation(number))

        relations = []
        for number, relation in enumerate(mentions.given.relations):
            head, tail = mentions.position(relation.head), mentions.position(relation.tail)
            name = chosen if relation.type is None else relation.type
            if name is None:
                tell(report.leave_out, number, "no label (--unlabelled-relation TYPE gives them one)")
                continue
            if head is None or tail is None:
                tell(report.leave_out, number, "of a mention that is left out")
                continue
            if head == tail:
                tell(report.leave_out, number, "of a mention to itself")
                continue
            ways = [(name, head, tail), (name, tail, head)][: 1 + relation.both_ways]
            new = [way for way in ways if way not in seen]
            if not new:
                tell(report.leave_out, number, "the same as another")
                continue
            if relation.type is None:
                tell(report.change, number, f"no label: taken for {chosen}")
            if len(new) > 1:
                tell(report.add, number, "drawn both ways: one for each direction")
            seen.update(new)
            relations += [TextRelation(*way) for way in new]
        return relations


class _Mentions:
    """A text's mentions while they are aligned: some are left out, changed, added, or turn out to be the same.

    Args:
        given: The text.
        report: Takes the counts.
    """

    def __init__(self, given: AnnotatedText, report: Report) -> None:
        self.given = given
        self.text = given.text
        self._report = report
        self._entities: dict[int, TextEntity] = dict(enumerate(given.entities))
        self._next = len(given.entities)
        self._made_of: dict[int, int] = {}
        self._same_as: dict[int, int] = {}

    def entities(self) -> Iterator[tuple[int, TextEntity]]:
        """The mentions that are kept, with their numbers: their positions in the text's entities, or higher ones."""
        yield from self._entities.items()

    def update(self, number: int, entity: TextEntity) -> None:
        """Change a mention."""
        self._entities[number] = entity

    def add(self, number: int, entity: TextEntity) -> None:
        """Add a mention that comes of a further label of another one."""
        self._entities[self._next] = entity
        self._made_of[self._next] = number
        self._next += 1
        self._report.add("entities", "several labels: a mention for each", self.given.source, self._place(number))

    def changed(self, number: int, what: str) -> None:
        """Count a change."""
        self._report.change("entities", what, self.given.source, self._place(number))

    def leave_out(self, number: int, reason: str) -> None:
        """Drop a mention."""
        del self._entities[number]
        self._report.leave_out("entities", reason, self.given.source, self._place(number))

    def place_of_relation(self, number: int) -> str:
        """A relation of the file for people to find: its position, and the words that it joins."""
        relation, marked = self.given.relations[number], self.given.entities
        joined = _joined(relation.type, self.text, marked[relation.head], marked[relation.tail])
        return f"relations[{number}] ({joined})"

    def words_joined(self, relation: TextRelation) -> str:
        """A relation of mentions that are kept, for people to find."""
        return _joined(relation.type, self.text, self._entities[relation.head], self._entities[relation.tail])

    def _place(self, number: int) -> str:
        """A mention for people to find: its position in the file, and its words as they were marked."""
        position = self._made_of.get(number, number)
        return f"entities[{position}] ({_words(self.text, self.given.entities[position])})"

    def merge_repeated(self) -> None:
        """Keep one of the mentions with the same place and type; relations of the others are its own."""
        first: dict[tuple[str | None, int, int], int] = {}
        for number, entity in [*self._entities.items()]:
            key = (entity.type, entity.start, entity.end)
            self._same_as[number] = first.setdefault(key, number)
            if first[key] != number:
                self.leave_out(number, "the same as another")

    def position(self, number: int) -> int | None:
        """The number of the mention that stands for the one of the file; `None` if none is kept."""
        kept = self._same_as.get(number)
        return kept if kept in self._entities else None


def _words(text: str, entity: TextEntity) -> str:
    """A mention's words, cut in their middle: of a long one no more is looked at than is shown."""
    start, end = entity.start, entity.end
    inside = text[start:end] if end - start <= 2 * _ENDS else text[start : start + _ENDS] + text[end - _ENDS : end]
    return short_repr(inside)


def _joined(name: str | None, text: str, head: TextEntity, tail: TextEntity) -> str:
    """A relation in words, such as `works_for from 'Mira Voss' to 'Kestrel Labs'`."""
    ends = f"from {_words(text, head)} to {_words(text, tail)}"
    return ends if name is None else f"{plain_name(name)} {ends}"


def _trim(mentions: _Mentions) -> None:
    """Leave white space at the ends of mentions out, as no token has any."""
    text = mentions.text
    for number, entity in [*mentions.entities()]:
        start, end = entity.start, entity.end
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        if start == end:
            mentions.leave_out(number, "nothing but white space")
        elif (start, end) != (entity.start, entity.end):
            mentions.update(number, replace(entity, start=start, end=end))
            mentions.changed(number, "white space at its ends is left out")


def _is_continuous(text: str, fragments: tuple[tuple[int, int], ...]) -> bool:
    """Whether there is nothing but white space between the parts of a mention."""
    return all(not text[end:start].strip() for (_, end), (start, _) in pairwise(fragments))


def _cut(
    text: AnnotatedText,
    words: list[tuple[int, int]],
    firsts: list[int],
    mentions: _Mentions,
    relations: list[TextRelation],
    report: Report,
) -> list[Document]:
    """The documents of a text that begin at some of its characters."""
    starts, ends = [start for start, _ in words], [end for _, end in words]
    borders = [*(bisect_left(starts, first) for first in firsts), len(words)]
    documents = [
        Document([text.text[start:end] for start, end in words[first:last]], extra=_origin(text, words[first:last]))
        for first, last in pairwise(borders)
    ]
    if text.id is not None:
        for number, document in enumerate(documents, start=1):
            document.id = text.id if len(documents) == 1 else f"{text.id}.{number}"
            document.extra["orig_id"] = document.id
            if len(documents) > 1:
                document.extra["doc_id"] = text.id
    places: dict[int, tuple[int, int]] = {}
    for number, entity in sorted(mentions.entities(), key=lambda item: (item[1].start, item[1].end)):
        in_document = bisect_right(firsts, entity.start) - 1
        first, last = bisect_right(ends, entity.start), bisect_left(starts, entity.end)
        document, offset = documents[max(in_document, 0)], borders[max(in_document, 0)]
        places[number] = (max(in_document, 0), len(document.entities))
        document.entities.append(Entity(str(entity.type), first - offset, last - offset))
    for relation in relations:
        (of_head, head), (of_tail, tail) = places[relation.head], places[relation.tail]
        if of_head == of_tail:
            documents[of_head].relations.append(Relation(str(relation.type), head, tail))
        else:
            reason = "its head and tail are in different sentences (--documents whole keeps it)"
            report.leave_out("relations", reason, text.source, mentions.words_joined(relation))
    report.written["entities"] += sum(len(document.entities) for document in documents)
    report.written["relations"] += sum(len(document.relations) for document in documents)
    return documents


def _origin(text: AnnotatedText, words: list[tuple[int, int]]) -> dict[str, str]:
    """The part of the text that a document is made of, which evaluation reads as text."""
    return {"text": text.text[words[0][0] : words[-1][1]]}


def to_documents(texts: Iterable[AnnotatedText], *, report: Report | None = None, **settings: object) -> list[Document]:
    """Turn annotated texts into documents to train and evaluate on.

    ```python
    from spert_hf.data import read_annotations, to_documents

    documents = to_documents(read_annotations("export.json"))
    ```

    Args:
        texts: What [`read_annotations`] gives.
        report: Takes the counts of what was changed and left out.
        settings: Those of [`AlignmentSettings`].

    Raises:
        ValueError: A setting is not allowed.
    """
    align = Aligner(AlignmentSettings(**settings), Report() if report is None else report)  # type: ignore[arg-type]
    return [document for text in texts for document in align(text)]
