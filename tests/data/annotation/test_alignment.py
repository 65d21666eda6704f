"""Annotated texts as documents: against a slow version that goes character by character, and by what must hold."""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.data import Document, check_record
from spert_hf.data.annotation.alignment import (
    DISCONTINUOUS,
    DOCUMENTS,
    MISALIGNED,
    Aligner,
    AlignmentSettings,
    to_documents,
)
from spert_hf.data.annotation.annotated_text import AnnotatedText, TextEntity, TextRelation
from spert_hf.data.annotation.report import KINDS, Report
from spert_hf.data.detokenization import text_of
from spert_hf.model.text_reader import TextReader
from spert_hf.model.text_reading import TextReading
from tests.support import growth

OLD = TextReading(words="rules-v1", sequences="sentences-v1")
"""The one reading that has characters in no word, such as byte-order marks."""

READINGS = [
    TextReading(),
    TextReading(words="whitespace", sequences="lines"),
    TextReading(words="whitespace-punctuation"),
    TextReading(words="characters", sequences="lines"),
    TextReading(sequences="document"),
]
PARTS = [
    *(
        "Mira Voss",
        "founded",
        "Dr.",
        "U.S.",
        "can't",
        "Voss-Tarn",
        "5.5",
        "a",
        ". ",
        "! ",
        ", ",
        " ",
        "  ",
        "\n",
        "\r\n",
    ),
    *(
        "\n\n",
        "\t",
        "\u2028",
        "\x85",
        "\x1c",
        "\ufeff",
        "\u200b",
        "\u0308",
        "e\u0308",
        "🪐",
        "👩\u200d🚀",
        "漢字",
        "ไทย",
        "\x01",
    ),
]


@st.composite
def annotated_texts(draw: Callable) -> AnnotatedText:
    """Any text with any mentions and relations of them."""
    parts = st.sampled_from(PARTS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=3)
    text = "".join(draw(st.lists(parts, min_size=1, max_size=14))) or "a"
    offsets = st.lists(st.integers(0, len(text)), min_size=2, max_size=4, unique=True).map(sorted)
    types = st.sampled_from(["PER", "ORG", None])
    entities = []
    for at in draw(st.lists(offsets, max_size=6)):
        fragments = ((at[0], at[1]), (at[2], at[3])) if len(at) == 4 else ()
        more = tuple(draw(st.lists(st.sampled_from(["PER", "LOC"]), max_size=2))) if draw(st.booleans()) else ()
        entities.append(TextEntity(draw(types), at[0], at[-1], more, fragments))
    ends = st.integers(0, max(len(entities) - 1, 0))
    triples = st.tuples(st.sampled_from(["r", "s", None]), ends, ends, st.booleans())
    relations = [TextRelation(*each) for each in draw(st.lists(triples, max_size=6))] if entities else []
    return AnnotatedText(text, entities, relations, draw(st.sampled_from([None, "id"])))


settings_of_any_kind = st.builds(
    AlignmentSettings,
    documents=st.sampled_from(DOCUMENTS),
    misaligned=st.sampled_from(MISALIGNED),
    discontinuous=st.sampled_from(DISCONTINUOUS),
    unlabelled_entity=st.sampled_from([None, "X", "PER"]),
    unlabelled_relation=st.sampled_from([None, "x", "r"]),
    reading=st.sampled_from([*READINGS, OLD]),
)

Found = tuple[list[str], Counter, Counter]
"""A document's tokens, entities and relations, these with the places of their entities."""


def found_in(document: Document) -> Found:
    spans = [(one.type, one.start, one.end) for one in document.entities]
    relations = Counter((one.type, spans[one.head], spans[one.tail]) for one in document.relations)
    return document.tokens, Counter(spans), relations


def read_words(text: str, settings: AlignmentSettings) -> tuple[list[tuple[int, int]], list[int]]:
    """The words of a text, and the first characters of its sentences."""
    read = TextReader(settings.reading)(text)
    firsts = [read.words[first][0] for first, _ in read.sequences]
    return read.words, firsts[:1] if settings.documents == "whole" else firsts


def slowly(given: AnnotatedText, settings: AlignmentSettings) -> list[Found]:
    """What documents hold, by loops over all characters."""
    words, firsts = read_words(given.text, settings)
    if not words:
        return []
    places = {
        number: place
        for number, one in enumerate(given.entities)
        if labels_of(one, settings) and (place := _place(one, given.text, settings))
    }
    cuts: set[int] = set()
    for number, (start, end) in [*places.items()]:
        touched = [word for word in words if word[0] < end and start < word[1]]
        inside = {at for at in (start, end) for word in touched if word[0] < at < word[1]}
        if not touched or (inside and settings.misaligned == "drop"):
            del places[number]
        elif settings.misaligned == "expand":
            places[number] = (touched[0][0], touched[-1][1])
        else:
            places[number] = (max(start, touched[0][0]), min(end, touched[-1][1]))
            cuts |= inside
    words = _cut(words, cuts)
    mentions = [
        (name, *places[number], number if name is (one.type or settings.unlabelled_entity) and first else None)
        for number, one in enumerate(given.entities)
        if number in places
        for first, name in labels_of(one, settings)
    ]
    spans = {mention[:3] for mention in mentions}
    firsts = [at for at in firsts if not any(start < at < end for _, start, end in spans)]
    relations = _relations(
        given, {number: (name, s, e) for name, s, e, number in mentions if number is not None}, settings
    )
    return [
        _document(given.text, words, spans, relations, at, to)
        for at, to in zip(firsts, [*firsts[1:], 10**9], strict=True)
    ]


def labels_of(one: TextEntity, settings: AlignmentSettings) -> list[tuple[bool, str]]:
    """The labels of a mention, and whether each is the one that relations are of."""
    own = one.type or settings.unlabelled_entity
    return [*([(True, own)] if own else []), *((False, name) for name in one.more_types)]


def _place(one: TextEntity, text: str, settings: AlignmentSettings) -> tuple[int, int] | None:
    between = [text[end:start] for (_, end), (start, _) in pairwise(one.fragments)]
    if settings.discontinuous == "drop" and any(gap.strip() for gap in between):
        return None
    visible = [at for at in range(one.start, one.end) if not text[at].isspace()]
    return (visible[0], visible[-1] + 1) if visible else None


def _cut(words: list[tuple[int, int]], cuts: set[int]) -> list[tuple[int, int]]:
    pieces = []
    for start, end in words:
        borders = [start, *sorted(at for at in cuts if start < at < end), end]
        pieces += pairwise(borders)
    return pieces


def _relations(given: AnnotatedText, spans: dict[int, Any], settings: AlignmentSettings) -> set[tuple]:
    found = set()
    for one in given.relations:
        name, head, tail = one.type or settings.unlabelled_relation, spans.get(one.head), spans.get(one.tail)
        if name and head and tail and head != tail:
            found |= {(name, head, tail), *([(name, tail, head)] if one.both_ways else [])}
    return found


def _document(text: str, words: list, spans: set, relations: set, first: int, last: int) -> Found:
    here = [word for word in words if first <= word[0] < last]

    def moved(span: tuple[str, int, int]) -> tuple[str, int, int]:
        touched = [at for at, (start, end) in enumerate(here) if start < span[2] and span[1] < end]
        return span[0], touched[0], touched[-1] + 1

    inside = {span for span in spans if first <= span[1] < last}
    of_these = [(name, moved(head), moved(tail)) for name, head, tail in relations if {head, tail} <= inside]
    return [text[start:end] for start, end in here], Counter(map(moved, inside)), Counter(of_these)


@given(annotated_texts(), settings_of_any_kind)
def test_documents_are_what_the_slow_version_gives(text: AnnotatedText, settings: AlignmentSettings):
    documents = Aligner(settings, Report())(text)
    assert [found_in(document) for document in documents] == slowly(text, settings)


@given(annotated_texts(), settings_of_any_kind)
def test_counts_add_up_and_are_those_of_the_documents(text: AnnotatedText, settings: AlignmentSettings):
    report = Report()
    documents = Aligner(settings, report)(text)
    assert report.adds_up()
    assert report.count_read("entities") == len(text.entities)
    assert report.count_read("relations") == len(text.relations)
    assert report.written["texts"] == bool(documents)
    assert report.written["entities"] == sum(len(document.entities) for document in documents)
    assert report.written["relations"] == sum(len(document.relations) for document in documents)
    assert [*report.lines()] or not any(report.count_left_out(kind) for kind in KINDS)


@given(annotated_texts(), settings_of_any_kind)
def test_documents_are_valid_and_have_the_text_with_their_tokens(text: AnnotatedText, settings: AlignmentSettings):
    documents = Aligner(settings, Report())(text)
    assert [check_record(document.to_record()) for document in documents] == [[]] * len(documents)
    if text.id is not None:
        assert len({document.id for document in documents}) == len(documents)
    if settings.documents == "whole":
        assert len(documents) == bool(TextReader(settings.reading)(text.text).words)
    if settings.reading == OLD:
        return
    position = 0
    for document in documents:
        recorded, offsets = text_of(document)
        assert recorded == document.extra["text"]
        assert [recorded[start:end] for start, end in offsets] == document.tokens
        position = text.text.index(recorded, position) + len(recorded)
    tokens = "".join(token for document in documents for token in document.tokens)
    assert "".join(tokens.split()) == "".join(text.text.split())


@given(annotated_texts(), st.sampled_from(["split", "expand"]), st.sampled_from(READINGS))
def test_entities_cover_what_was_annotated(text: AnnotatedText, misaligned: str, reading: TextReading):
    settings = AlignmentSettings(documents="whole", misaligned=misaligned, unlabelled_entity="X", reading=reading)
    annotated = {}
    for one in text.entities:
        visible = "".join(text.text[one.start : one.end].split())
        for name in (one.type or "X", *one.more_types):
            annotated.setdefault(name, set()).add(visible)
    words = [text.text[start:end] for start, end in TextReader(reading)(text.text).words]
    for document in Aligner(settings, Report())(text):
        for entity in document.entities:
            covered = "".join("".join(document.tokens[entity.start : entity.end]).split())
            if misaligned == "split":
                assert covered in annotated[entity.type]
            else:
                assert any(visible in covered for visible in annotated[entity.type])
        if misaligned == "expand":
            assert document.tokens == words


TEXT = "Mira Voss-Tarn founded Kestrel Labs. She left it."


@pytest.mark.parametrize(
    ("settings", "tokens", "span"),
    [
        ({}, ["Mira", "Vo", "ss", "-", "Tarn"], (0, 2)),
        ({"misaligned": "expand"}, ["Mira", "Voss", "-", "Tarn"], (0, 2)),
        ({"misaligned": "drop"}, ["Mira", "Voss", "-", "Tarn"], None),
    ],
)
def test_a_mention_that_cuts_a_token(settings: dict[str, str], tokens: list[str], span: tuple[int, int] | None):
    report = Report()
    documents = to_documents([AnnotatedText(TEXT, [TextEntity("PER", 0, 7)])], report=report, **settings)
    assert documents[0].tokens[: len(tokens)] == tokens
    assert [(one.start, one.end) for one in documents[0].entities] == ([span] if span else [])
    assert "inside a token" in "\n".join(report.lines())


def test_relations_across_sentences_are_kept_in_whole_documents_alone():
    text = AnnotatedText(TEXT, [TextEntity("PER", 0, 9), TextEntity("PER", 37, 40)], [TextRelation("same", 1, 0)], "d")
    report = Report()
    documents = to_documents([text], report=report)
    assert [(document.id, len(document.relations)) for document in documents] == [("d.1", 0), ("d.2", 0)]
    assert report.count_left_out("relations") == 1
    (document,) = to_documents([text], documents="whole")
    assert (document.id, found_in(document)[2]) == ("d", Counter([("same", ("PER", 8, 9), ("PER", 0, 2))]))


def test_sentences_name_the_text_that_they_are_of():
    text = AnnotatedText("It rained. It snowed.", [], id="a")
    assert [(one.id, one.doc_id) for one in to_documents([text])] == [("a.1", "a"), ("a.2", "a")]
    assert [(one.id, one.doc_id) for one in to_documents([text], documents="whole")] == [("a", None)]


def test_a_relation_drawn_both_ways_is_two_of_which_one_may_be_there_already():
    mentions = [TextEntity("PER", 0, 4), TextEntity("PER", 5, 9)]
    for others, added in (([], 1), ([TextRelation("r", 0, 1)], 0), ([TextRelation("r", 1, 0)], 0)):
        report = Report()
        text = AnnotatedText(TEXT, mentions, [*others, TextRelation("r", 0, 1, both_ways=True)])
        (document,) = to_documents([text], report=report)[:1]
        assert sorted((one.head, one.tail) for one in document.relations) == [(0, 1), (1, 0)]
        assert report.count_added("relations") == added
        assert report.adds_up()


def test_a_mention_in_two_sentences_joins_them():
    report = Report()
    documents = to_documents([AnnotatedText(TEXT, [TextEntity("X", 23, 40)])], report=report)
    assert len(documents) == 1
    assert "lies in several sentences" in "\n".join(report.lines())


@pytest.mark.parametrize(
    ("name", "value"),
    [("documents", "all"), ("misaligned", "x"), ("discontinuous", 1), ("unlabelled_entity", " ")],
)
def test_settings_are_checked(name: str, value: object):
    with pytest.raises(ValueError, match=f"{name} must be .*got {value!r}"):
        AlignmentSettings(**{name: value})


def test_words_of_a_tokenizer_are_refused():
    with pytest.raises(ValueError, match="needs no tokenizer"):
        AlignmentSettings(reading=TextReading(words="tokenizer"))


def _apart(count: int) -> AnnotatedText:
    """Mentions one behind the other, related to the next."""
    entities = [TextEntity("PER", at * 10, at * 10 + 4, more_types=("ORG",)) for at in range(count)]
    return AnnotatedText("Mira met. " * count, entities, [TextRelation("r", at, at + 1) for at in range(count - 1)])


def _long(count: int) -> AnnotatedText:
    """Mentions of about the whole text, each of which cuts a token and lies in all sentences."""
    entities = [TextEntity("PER", at * 10 + 2, count * 10 - 2) for at in range(count)]
    return AnnotatedText("Mira met. " * count, entities)


def _blank(count: int) -> AnnotatedText:
    """Mentions that begin or end in white space."""
    entities = [TextEntity("PER", at * 10 + 4, at * 10 + 10) for at in range(count)]
    return AnnotatedText("Mira met. " * count, entities)


@pytest.mark.e2e
@pytest.mark.parametrize("make", [_apart, _long, _blank])
@pytest.mark.parametrize("settings", [{}, {"documents": "whole", "misaligned": "expand"}])
def test_time_grows_with_the_text_and_the_number_of_mentions(
    make: Callable[[int], AnnotatedText], settings: dict[str, str]
):
    def work(count: int) -> Callable[[], object]:
        text = make(count)
        return lambda: to_documents([text], **settings)

    assert growth.exponent(work, largest=5_000) < growth.BELOW_THE_SQUARE
