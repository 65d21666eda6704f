"""Offsets in the units of tools, as code points and back."""

from hypothesis import given
from hypothesis import strategies as st

from spert_hf.data.annotation.offsets import Offsets, first_astral, has_astral

TEXTS = st.text(st.sampled_from("a🪐é\u0301\u200d👩\uffff"), max_size=12)


def utf16_length(text):
    return len(text.encode("utf-16-le")) // 2


@given(TEXTS)
def test_utf16_units_are_those_of_the_encoding(text):
    offsets = Offsets(text, "utf-16")
    assert offsets.length == utf16_length(text)
    by_unit = {utf16_length(text[:place]): place for place in range(len(text) + 1)}
    for unit in range(-1, offsets.length + 2):
        assert offsets.to_code_points(unit) == by_unit.get(unit)
    for place in range(len(text) + 1):
        assert offsets.from_code_points(place) == utf16_length(text[:place])


@given(TEXTS)
def test_the_first_astral_character_is_where_units_begin_to_differ(text):
    differing = [place for place in range(len(text) + 1) if utf16_length(text[:place]) != place]
    assert first_astral(text) == (differing[0] - 1 if differing else None)
    assert has_astral(text) == bool(differing)


def test_graphemes_are_characters_as_people_count_them():
    offsets = Offsets("🪐👩\u200d🚀 e\u0301\r\nx", "graphemes")
    assert offsets.length == 6
    assert [offsets.to_code_points(place) for place in range(7)] == [0, 1, 4, 5, 7, 9, 10]
