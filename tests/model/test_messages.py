"""The one form of a refusal."""

import pytest

from spert_hf.model.messages import either, integer, must, must_be, number


def test_a_refusal_names_the_field_what_is_allowed_and_what_was_given():
    assert must_be("max_span_size", integer(1, 1000), 0) == "max_span_size must be an integer from 1 to 1000, got 0"
    assert must("tokenizer", "have a mask token", "none") == "tokenizer must have a mask token, got none"


def test_what_was_given_may_be_left_out():
    assert must_be("text", "a string") == "text must be a string"


def test_without_a_field_the_place_before_it_says_what_is_meant():
    assert must_be("", "a JSON list", "3") == "must be a JSON list, got 3"


@pytest.mark.parametrize(
    ("choices", "text"),
    [(["keep"], "'keep'"), (["keep", "drop"], "'keep' or 'drop'"), (("a", "b", "c"), "'a', 'b' or 'c'")],
)
def test_choices_read_as_a_sentence(choices, text):
    assert either(choices) == text


def test_numbers_with_and_without_an_upper_bound():
    assert integer(0) == "an integer of 0 or more"
    assert number(0) == "a number of 0 or more"
    assert number(0, 1) == "a number from 0 to 1"
