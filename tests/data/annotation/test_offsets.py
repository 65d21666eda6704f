"""Offsets in other units than code points: the same as by slow and obvious ways, in time linear in the text."""

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.data.annotation.offsets import UNITS, Offsets
from tests.support import growth
from tests.support.annotation_strategies import texts

SIZES = {
    "code-points": len,
    "utf-16": lambda text: len(text.encode("utf-16-le")) // 2,
    "graphemes": lambda text: len(regex.findall(r"\X", text)),
}


def borders_of(text, unit):
    """The places between what is counted, in code points: those before which there is a whole number of it."""
    if unit != "graphemes":
        return [*range(len(text) + 1)]
    return [0, *(match.end() for match in regex.finditer(r"\X", text))]


@given(texts, st.sampled_from(UNITS))
def test_offsets_are_the_sizes_of_what_is_before_them(text, unit):
    offsets, size = Offsets(text, unit), SIZES[unit]
    assert offsets.length == size(text)
    expected = {}
    for place in borders_of(text, unit):
        number = borders_of(text, unit).index(place) if unit == "graphemes" else size(text[:place])
        expected[number] = place
        assert offsets.from_code_points(place) == number
    for number in range(-2, offsets.length + 3):
        assert offsets.to_code_points(number) == expected.get(number)


@given(texts)
def test_a_place_inside_a_grapheme_is_its_end(text):
    offsets, borders = Offsets(text, "graphemes"), borders_of(text, "graphemes")
    for place in range(len(text) + 1):
        assert offsets.to_code_points(offsets.from_code_points(place)) == min(end for end in borders if end >= place)


@pytest.mark.parametrize(
    ("unit", "number", "place"),
    [
        ("utf-16", 8, 5),
        ("utf-16", 1, None),
        ("utf-16", 3, None),
        ("code-points", 5, 5),
        ("graphemes", 3, 5),
        ("graphemes", 2, 4),
        ("graphemes", 1, 1),
    ],
)
def test_the_same_place_in_every_unit(unit, number, place):
    assert Offsets("🪐👩\u200d🚀 Mira Voss", unit).to_code_points(number) == place


def test_a_line_end_of_two_characters_is_one_grapheme():
    offsets = Offsets("a\r\nb", "graphemes")
    assert [offsets.to_code_points(number) for number in range(5)] == [0, 1, 3, 4, None]


@pytest.mark.e2e
@pytest.mark.parametrize("unit", ["utf-16", "graphemes"])
def test_time_grows_with_the_text_and_not_with_its_square(unit):
    def work(count):
        text = "a🪐bc" * count

        def convert():
            offsets = Offsets(text, unit)
            for place in range(0, len(text), 4):
                assert offsets.to_code_points(offsets.from_code_points(place)) == place

        return convert

    assert growth.exponent(work, largest=30_000) < growth.BELOW_THE_SQUARE
