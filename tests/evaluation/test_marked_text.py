import io
import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from spert_hf.cli.console import print_extraction
from spert_hf.evaluation import analyse_errors, errors_to_markdown
from spert_hf.evaluation.marked_text import marked_pieces, marked_text
from tests.evaluation.evaluation_records import record

UNIVERSITY = ["University", "of", "Porto"]


def _entity(name, start, end):
    return {"type": name, "start": start, "end": end}


def test_entities_are_marked_in_place():
    tokens = ["Marian", "Pell", "of", "Duluth"]
    assert marked_text(tokens, []) == "Marian Pell of Duluth"
    assert marked_text(tokens, [_entity("P", 0, 2), _entity("L", 3, 4)]) == "[Marian Pell]P of [Duluth]L"


def test_of_entities_that_end_together_the_inner_one_is_closed_first():
    nested = [_entity("Org", 0, 3), _entity("Loc", 2, 3)]
    for entities in (nested, nested[::-1]):
        assert marked_text(UNIVERSITY, entities) == "[University of [Porto]Loc]Org"


def test_of_entities_that_begin_together_the_outer_one_is_opened_first():
    nested = [_entity("Org", 0, 3), _entity("Part", 0, 1)]
    for entities in (nested, nested[::-1]):
        assert marked_text(UNIVERSITY, entities) == "[[University]Part of Porto]Org"
        assert [piece.entity_type for piece in marked_pieces(UNIVERSITY, entities)][:3] == ["Org", "Part", "Part"]


def test_equal_spans_have_a_pair_of_brackets_each():
    assert marked_text(["Ghent"], [_entity("Loc", 0, 1), _entity("Geo", 0, 1)]) == "[[Ghent]Geo]Loc"


def test_entities_that_cross_are_told_apart_by_numbers():
    tokens = ["Marian", "Pell", "of", "Duluth"]
    entities = [_entity("Q", 1, 3), _entity("P", 0, 2), _entity("L", 3, 4)]
    assert marked_text(tokens, entities) == "[¹Marian [²Pell]¹P of]²Q [Duluth]L"


def _read_brackets(text):
    """The entities that a reader of a marked text takes it to have."""
    entities, opened, position = [], [], 0
    for number, closing, name, word in re.findall(r"\[([⁰¹²³⁴-⁹]*)|\]([⁰¹²³⁴-⁹]*)([A-Z])|(w)", text):
        if word:
            position += 1
        elif name:
            at = max(at for at, (other, _) in enumerate(opened) if other == closing)
            entities.append((name, opened.pop(at)[1], position))
        else:
            opened.append((number, position))
    assert not opened
    return sorted(entities)


@st.composite
def _spans(draw, tokens=8):
    start = draw(st.integers(0, tokens - 1))
    return _entity(draw(st.sampled_from("ABC")), start, draw(st.integers(start + 1, tokens)))


@given(st.lists(_spans(), max_size=14))
def test_whoever_reads_the_brackets_finds_every_entity_with_its_type(entities):
    text = marked_text(["w"] * 8, entities)
    assert _read_brackets(text) == sorted((entity["type"], entity["start"], entity["end"]) for entity in entities)
    assert re.sub(r"\[[⁰¹²³⁴-⁹]*|\][⁰¹²³⁴-⁹]*[ABC]", "", text) == " ".join("w" * 8)


@given(st.lists(_spans(), max_size=8))
def test_a_token_is_of_the_innermost_entity_that_it_stands_in(entities):
    pieces = [piece for piece in marked_pieces(["w"] * 8, entities) if piece.text == "w"]
    for index, piece in enumerate(pieces):
        around = [entity for entity in entities if entity["start"] <= index < entity["end"]]
        shortest = min((entity["end"] - entity["start"] for entity in around), default=0)
        types = {entity["type"] for entity in around if entity["end"] - entity["start"] == shortest}
        assert piece.entity_type in (types or {None})


def test_the_same_brackets_stand_wherever_sentences_are_printed():
    gold = record(("Org", 0, 3), ("Loc", 2, 3), relations=(("OrgBased_In", 0, 1),))
    marked = "[University of [Porto]Loc]Org"
    analysis = analyse_errors([{"tokens": UNIVERSITY, **gold}], [{**gold, "relations": []}])
    assert marked in errors_to_markdown(analysis)
    shown = io.StringIO()
    print_extraction(Console(file=shown), UNIVERSITY, {**gold, "relations": []}, ["Org", "Loc"])
    assert marked in shown.getvalue()


def test_pieces_tell_marks_from_tokens():
    pieces = list(marked_pieces(["a", "b"], [_entity("P", 1, 2)]))
    assert pieces == [("a", None, False), (" ", None, False), ("[", "P", True), ("b", "P", False), ("]P", "P", True)]


@given(st.lists(st.text(), min_size=1, max_size=4), st.text())
def test_nothing_in_the_data_moves_the_cursor(tokens, name):
    shown = marked_text(tokens, [_entity(name, 0, len(tokens))])
    assert not {"Cc", "Cs", "Zl", "Zp"} & {unicodedata.category(character) for character in shown}
