"""The one form of a refusal."""

import pytest

from spert_hf.model.messages import did_you_mean, either, integer, kind_of, must, must_be, nearest, number


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


def test_what_a_value_is_stands_for_it():
    assert [kind_of(value) for value in (3, {}, None)] == ["an object of type int", "an object of type dict", "None"]


def test_the_nearest_names_come_first_whatever_their_case():
    assert nearest("KILL", ["Live_In", "Killed", "Kill"]) == ["Kill", "Killed"]
    assert nearest("xyz", ["Kill", "Live_In"]) == nearest(3, []) == []
    assert nearest("Kil", ["Kill"], likeness=0.9) == []


def test_a_hint_quotes_the_names_that_may_be_meant_and_is_empty_without_any():
    assert did_you_mean("PEOPLE", ["Loc", "People"]) == " (did you mean 'People'?)"
    assert did_you_mean("kil", ["Kill", "Killed", "Loc"]) == " (did you mean 'Kill' or 'Killed'?)"
    assert did_you_mean("Zebra", ["Loc", "People"]) == ""
    assert len(did_you_mean("x" * 1000, ["x" * 61])) < 100
