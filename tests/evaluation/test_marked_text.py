import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from spert_hf.evaluation.marked_text import marked_pieces, marked_text


def _entity(name, start, end):
    return {"type": name, "start": start, "end": end}


def test_entities_are_marked_in_place_nested_and_crossing():
    tokens = ["Marian", "Pell", "of", "Duluth"]
    assert marked_text(tokens, []) == "Marian Pell of Duluth"
    assert marked_text(tokens, [_entity("P", 0, 2), _entity("L", 3, 4)]) == "[Marian Pell]P of [Duluth]L"
    assert marked_text(tokens, [_entity("P", 0, 2), _entity("Q", 1, 3)]) == "[Marian [Pell]P of]Q Duluth"


def test_pieces_tell_marks_from_tokens():
    pieces = list(marked_pieces(["a", "b"], [_entity("P", 1, 2)]))
    assert pieces == [("a", None, False), (" ", None, False), ("[", "P", True), ("b", "P", False), ("]P", "P", True)]


@given(st.lists(st.text(), min_size=1, max_size=4), st.text())
def test_nothing_in_the_data_moves_the_cursor(tokens, name):
    shown = marked_text(tokens, [_entity(name, 0, len(tokens))])
    assert not {"Cc", "Cs", "Zl", "Zp"} & {unicodedata.category(character) for character in shown}
