"""Which texts say nearly the same."""

from hypothesis import given
from hypothesis import strategies as st

from spert_hf.annotation.near_duplicates import NEAR_DUPLICATES_SHARE, are_near_duplicates, digest_of, words_of

WORDS = st.frozensets(st.sampled_from("abcdefghij"))


def words(text):
    return words_of({"text": text})


def test_letter_case_digits_order_and_punctuation_make_no_difference():
    assert words("Ada left Oslo in 1843.") == words("in 1901, ADA left Oslo")
    assert words_of({"tokens": ["Ada", "left", "."]}) == words("Ada left.")


def test_texts_that_differ_in_a_word_of_many_are_near_duplicates():
    sentence = "The board of Kestrel Marine met on Monday in Oslo to hear the report"
    assert are_near_duplicates(words(sentence), words(sentence.replace("Monday", "Friday")))
    assert not are_near_duplicates(words(sentence), words("The board of Kestrel Marine sold its harbour office"))


@given(WORDS, WORDS)
def test_it_is_the_share_of_all_words_that_decides(one, other):
    shared = len(one & other) / len(one | other) if one | other else 1.0
    assert are_near_duplicates(one, other) == (shared >= NEAR_DUPLICATES_SHARE)
    assert (digest_of(one) == digest_of(other)) == (one == other)
