"""Words of raw text, by each of the ways to split it."""

import re
import time
import unicodedata
from itertools import chain, pairwise, repeat
from types import SimpleNamespace

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st
from tokenizers import AddedToken

from spert_hf.model import words
from spert_hf.model.text_reading import WORDS, TextReading
from spert_hf.model.words import (
    keep_whole,
    pattern_matches,
    rules,
    spaces_and_punctuation,
    split_by_first_rules,
    split_function,
    split_into_characters,
)
from tests.support import growth
from tests.support.tiny_models import FAMILIES, make_tokenizer


def words_of(split, text):
    return [text[start:end] for start, end in split(text)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Marian Pell's plant, in Duluth.", ["Marian", "Pell", "'s", "plant", ",", "in", "Duluth", "."]),
        ("The U.S. spent $2,300.50 on Jan. 4.", ["The", "U.S.", "spent", "$", "2,300.50", "on", "Jan.", "4", "."]),
        ("Salem, Mass., and Gov. Doe of Rome.", ["Salem", ",", "Mass.", ",", "and", "Gov.", "Doe", "of", "Rome", "."]),
        ("Pell’s ‘plant’", ["Pell", "’s", "‘", "plant", "’"]),
        ("Boston-based (UPI) --", ["Boston", "-", "based", "(", "UPI", ")", "-", "-"]),
        ("the 10th of 14-year-olds", ["the", "10th", "of", "14", "-", "year", "-", "olds"]),
        ("I don't; we'll", ["I", "don", "'", "t", ";", "we", "'ll"]),
        ("東京に行く。", list("東京に行く。")),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("שלום עולם", ["שלום", "עולם"]),
        ("👩‍🔬 at CERN 🇨🇭", ["👩‍", "🔬", "at", "CERN", "🇨", "🇭"]),
        ("", []),
        (" \t\n ", []),
        ("a\x00b\u200ec", ["a", "b", "c"]),
        ("\ud800x", ["x"]),
    ],
)
def test_words_by_the_first_rules(text, words):
    assert words_of(split_by_first_rules, text) == words


@pytest.mark.parametrize("split", [split_by_first_rules, rules()])
def test_an_endless_word_is_split(split):
    assert [end - start for start, end in split("x" * 1000)] == [64] * 15 + [40]


@given(st.text(st.characters(), max_size=200))
def test_the_first_rules_words_are_in_order_and_cover_all_letters(text):
    spans = split_by_first_rules(text)
    assert all(start < end for start, end in spans)
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
    covered = {index for start, end in spans for index in range(start, end)}
    assert all(index in covered for index, character in enumerate(text) if character.isalnum())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Marian Pell's plant, in Duluth.", ["Marian", "Pell", "'s", "plant", ",", "in", "Duluth", "."]),
        ("The U.S. spent $2,300.50 on Jan. 4.", ["The", "U.S.", "spent", "$", "2,300.50", "on", "Jan.", "4", "."]),
        ("3.5kg of 10th", ["3.5kg", "of", "10th"]),
        ("Kim Moss, Ph.D., M.Sc.", ["Kim", "Moss", ",", "Ph.D.", ",", "M.Sc."]),
        ("semi-supervised", ["semi", "-", "supervised"]),
        ("I won't, CAN’T; don't", ["I", "wo", "n't", ",", "CA", "N’T", ";", "do", "n't"]),
        ("👩‍🔬 at CERN 🇨🇭", ["👩‍🔬", "at", "CERN", "🇨🇭"]),
        ("東京に行く。", list("東京に行く。")),
        ("ﾃｽﾄﾃﾞｽ", ["ﾃ", "ｽ", "ﾄ", "ﾃﾞ", "ｽ"]),
        ("ที่กรุงเทพ", ["ที่", "ก", "รุ", "ง", "เ", "ท", "พ"]),
        ("ວຽງຈັນ", ["ວ", "ຽ", "ງ", "ຈັ", "ນ"]),
        ("ရန်ကုန်", ["ရ", "န်", "ကု", "န်"]),
        ("ភ្នំពេញ", ["ភ្នំ", "ពេ", "ញ"]),
        ("2024年", ["2024", "年"]),
        ("a\x00b\u200ec", ["a\x00", "b\u200e", "c"]),
        ("\ud800x", ["\ud800", "x"]),
    ],
)
def test_words_by_the_rules(text, words):
    found = words_of(rules(), text)
    if any("\u1780" <= character <= "\u17dd" for character in text):
        words = regex.findall(r"\X", text)  # how clusters of Khmer are counted depends on Unicode's version
    assert found == words


def test_abbreviations_of_the_model_keep_their_point():
    split = rules(["Adm", "Lt.-Col", "geb"])
    assert words_of(split, "Adm. Bell and Lt.-Col. Moss, geb. Adm. Admiral.") == [
        *("Adm.", "Bell", "and", "Lt.-Col.", "Moss", ",", "geb.", "Adm.", "Admiral", "."),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Marian Pell's plant, in Duluth.", ["Marian", "Pell", "'s", "plant", ",", "in", "Duluth", "."]),
        ('"Salem, Mass.," (UPI).', ['"', "Salem", ",", "Mass.", ",", '"', "(", "UPI", ")", "."]),
        ("The U.S. and J. F. Doe, Ph.D.", ["The", "U.S.", "and", "J.", "F.", "Doe", ",", "Ph.D."]),
        ("(S)-2,4-di-x, [f(x)] (see (b)).", [
            *("(S)-2,4-di-x", ",", "[", "f(x)", "]", "(", "see", "(", "b", ")", ")", "."),
        ]),
        ("state-of-the-art 3.5mg/kg e.g. -- ...", ["state-of-the-art", "3.5mg/kg", "e.g.", "-", "-", ".", ".", "."]),
        ("«Oui», won't!", ["«", "Oui", "»", ",", "wo", "n't", "!"]),
        ("( ) ((a)b)", ["(", ")", "(", "(a)b", ")"]),
    ],
)  # fmt: skip
def test_words_between_spaces_with_punctuation_set_apart(text, words):
    assert words_of(spaces_and_punctuation(["e.g"]), text) == words


def test_words_by_a_pattern_and_what_is_left_between_them():
    assert words_of(pattern_matches(r"[A-Za-z]+(?:-[A-Za-z]+)*"), "an on-line test, 12 %?!") == [
        *("an", "on-line", "test", ",", "12", "%?!"),
    ]
    assert words_of(pattern_matches(r" ?\w+ ?"), "a b  c") == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("[a-", "a regular expression, got"),
        (r"(?!)", "one that matches words, .*, which matches nothing"),
        (r"Q*", "one that matches words, .*, which matches nothing"),
        (r"\w{200}{200}", "one without recursion, with counted repetitions of at most 1000 in all, got"),
        (r"\w{" + "9" * 900 + "}", "one without recursion, with counted repetitions of at most 1000 in all, got"),
        (r"(?r)\w+", "one that searches forwards, got"),
        (r"\((?R)?\)|\w", "one without recursion, .*, got"),
    ],
)
def test_a_pattern_that_does_not_serve_is_refused(pattern, message):
    with pytest.raises(ValueError, match=r"text_reading\.word_pattern must be " + message):
        pattern_matches(pattern)


@pytest.mark.parametrize("name", ["SECONDS_OF_TRIAL", "SECONDS_OF_PATTERN"])
def test_a_pattern_that_takes_too_long_is_stopped(name, monkeypatch):
    """With no time at all any pattern does; the limit is looked at from match to match, and within one."""
    split = pattern_matches(r"\w+")
    monkeypatch.setattr(words, name, 0.0)
    message = "does not backtrack without end, got .*, which took more than 0 s for a text of [0-9]+ characters"
    with pytest.raises(ValueError, match=rf"text_reading\.word_pattern must be one that {message}"):
        pattern_matches(r"\w+") if name == "SECONDS_OF_TRIAL" else split("a b")


def test_a_busy_machine_makes_no_pattern_slow(monkeypatch):
    """What counts is the time that is spent on the text, not that which passes."""
    # In that module alone: event loops of other threads wait by the clock of the process.
    clocks = SimpleNamespace(monotonic=iter(range(10**9)).__next__, thread_time=time.thread_time)
    monkeypatch.setattr(words, "time", clocks)
    split = pattern_matches(r"\w+")
    monkeypatch.setattr(words, "SECONDS_OF_PATTERN", 5.0)
    assert len(split("a b " * 100)) == 200


def test_a_pause_of_the_process_makes_no_pattern_slow(monkeypatch):
    """Such as a garbage collection during one of the trials."""
    readings = chain([0.0], repeat(100.0))
    monkeypatch.setattr(words, "time", SimpleNamespace(thread_time=lambda: next(readings)))
    assert words_of(pattern_matches(r"\w+"), "a b") == ["a", "b"]


class TestFunction:
    def split(self, function):
        return split_function(TextReading(), make_tokenizer("bert"), function)

    def test_its_ranges_are_the_words(self):
        split = self.split(lambda text: [(m.start(), m.end()) for m in re.finditer(r"[a-z]+", text)])
        assert words_of(split, "ab, cd 12") == ["ab", ",", "cd", "12"]

    @pytest.mark.parametrize(
        ("ranges", "given"),
        [([(0, 3), (2, 4)], "(2, 4)"), ([(3, 1)], "(3, 1)"), ([(0, 99)], "(0, 99)"), ([(-1, 2)], "(-1, 2)"),
         ([5], "5"), (None, "None"), ([("a", "b")], "('a', 'b')")],
    )  # fmt: skip
    def test_what_is_no_ranges_is_refused(self, ranges, given):
        with pytest.raises(ValueError, match=rf"words: the function must give pairs .*, got {re.escape(given)}"):
            self.split(lambda text: ranges)("some text")


ALL_TEXT = st.text(st.characters(), max_size=80) | st.text(
    st.sampled_from("ab.Z9,-'’(é)[] \n\t\u200b\u0301\u200d🇨🇭👩กำ東ｶﾞ@$<>\x00\ud800"), max_size=40
)


@pytest.fixture(scope="module")
def splits():
    """Every way to split text, with tokenizers of all families, some of which have tokens added."""
    made = {}
    for family in FAMILIES:
        tokenizer = make_tokenizer(family)
        made[f"tokenizer of {family}"] = split_function(TextReading(words="tokenizer"), tokenizer)
        tokenizer.add_tokens(["@A$", "<b>", "Z9"])
    for name in WORDS.keys() - {"rules-v1", "tokenizer", "dictionary", "pattern"}:
        made[name] = split_function(TextReading(words=name, abbreviations=("a.Z", "ab")), tokenizer)
    made["pattern"] = split_function(TextReading(words="pattern", word_pattern=r"\w+|,."), tokenizer)
    return made


@given(ALL_TEXT)
@example("\r\n\u0301a \u0301")
def test_each_visible_character_is_in_exactly_one_word(splits, text):
    visible = {place for place, character in enumerate(text) if not character.isspace()}
    for name, split in splits.items():
        ranges = split(text)
        assert all(start < end for start, end in ranges), name
        assert all(first[1] <= second[0] for first, second in pairwise(ranges)), name
        assert visible <= {place for start, end in ranges for place in range(start, end)}, name
        assert not any(text[start].isspace() or text[end - 1].isspace() for start, end in ranges), name
        assert ranges == split(text), name


@pytest.mark.e2e
@pytest.mark.parametrize("unit", ["Ph.D. 3.5kg «ab» (c)-d, กำ 🇨🇭 東 ", "(", "a", "a.", "é-", "🇨", "กำ", "\u0301", "…"])
@pytest.mark.parametrize("words", ["rules", "whitespace-punctuation", "whitespace", "characters", "tokenizer"])
def test_time_grows_with_the_length_not_its_square(words, unit):
    split = split_function(TextReading(words=words), make_tokenizer("bert"))

    def work(length):
        text = (unit * length)[:length]
        return lambda: split(text)

    assert growth.exponent(work, largest=80_000) < growth.BELOW_THE_SQUARE


class TestAddedTokens:
    @pytest.mark.parametrize("words", ["rules", "whitespace-punctuation", "tokenizer", "characters"])
    @pytest.mark.parametrize("family", ["bert", "roberta"])
    def test_stay_whole(self, words, family):
        tokenizer = make_tokenizer(family)
        tokenizer.add_tokens(["@DRUG$", "<chem>"])
        found = words_of(split_function(TextReading(words=words), tokenizer), "use @DRUG$, (<chem>) x@DRUG$")
        assert found.count("@DRUG$") == 2
        assert "<chem>" in found

    def test_are_none_inside_longer_words(self):
        tokenizer = make_tokenizer("bert")
        tokenizer.add_tokens(["covid"])
        assert words_of(split_function(TextReading(), tokenizer), "covidien covid.") == ["covidien", "covid", "."]

    def test_lie_within_words_of_white_space(self):
        tokenizer = make_tokenizer("bert")
        tokenizer.add_tokens(["@DRUG$"])
        assert words_of(split_function(TextReading(words="whitespace"), tokenizer), "a(@DRUG$) b") == ["a(@DRUG$)", "b"]

    def test_marks_of_sequences_are_letters(self):
        assert words_of(split_function(TextReading(), make_tokenizer("bert")), "[SEP]") == ["[", "SEP", "]"]

    def test_of_a_tokenizer_that_ignores_case(self):
        tokenizer = make_tokenizer("bert")
        tokenizer.add_tokens([AddedToken("@drug$", normalized=True)])
        tokenizer.add_tokens([AddedToken("@EXACT$", normalized=False)])
        found = words_of(split_function(TextReading(), tokenizer), "@DRUG$ @EXACT$ @exact$")
        assert found == ["@DRUG$", "@EXACT$", "@", "exact", "$"]

    @given(st.data())
    def test_keep_whole_keeps_all_else(self, data):
        borders = data.draw(st.lists(st.integers(0, 40), unique=True).map(sorted))
        ranges = list(pairwise(borders))
        cuts = data.draw(st.lists(st.integers(0, 40), unique=True).map(sorted))
        tokens = list(pairwise(cuts))[::2]
        kept = keep_whole(list(ranges), tokens)
        assert all(start < end for start, end in kept)
        assert all(first[1] <= second[0] for first, second in pairwise(kept))
        covered = {place for start, end in [*ranges, *tokens] for place in range(start, end)}
        assert covered == {place for start, end in kept for place in range(start, end)}
        assert all(any(start <= first and last <= end for start, end in kept) for first, last in tokens)


SPACED = r"\p{Script=Batak}\p{Script=Tibetan}\p{Script=Hangul}"
"""Scripts that Unicode lets lines break within, but that have spaces or marks between words or syllables."""


def test_unspaced_scripts_are_those_of_unicode():
    """Letters that UAX 14 has lines broken between without spaces are words by themselves."""
    properties = "".join(rf"\p{{Line_Break={name}}}" for name in ("SA", "AK", "AS", "CJ", "ID"))
    properties = "".join(rf"\p{{Line_Break={name}}}" for name in ("SA", "AK", "AS", "CJ", "ID"))
    breaking = regex.compile(rf"(?![{SPACED}])[{properties}]")
    unspaced = re.compile(f"[{words.UNSPACED}]")
    letters = [chr(code) for code in range(0x11000) if unicodedata.category(chr(code)) in ("Lo", "Lm")]
    assert [hex(ord(letter)) for letter in letters if breaking.match(letter) and not unspaced.match(letter)] == []


@pytest.mark.parametrize("text", ["Αθήνα", "Москва", "नमस्ते", "서울에서", "مرحبا", "Հայ", "ᏣᎳᎩ", "አዲስ"])
def test_scripts_with_spaces_are_not(text):
    assert words_of(rules(), text) == [text]


class TestDictionary:
    def test_a_missing_library_is_said_in_a_line(self, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "icu4py.breakers", None)
        with pytest.raises(ValueError, match=r"'dictionary' needs the package icu4py: pip install icu4py"):
            split_function(TextReading(words="dictionary"), make_tokenizer("bert"))

    @pytest.mark.parametrize(
        ("text", "word"),
        [("สมชายทำงานที่กรุงเทพ", "ทำงาน"), ("ສົມຊາຍເຮັດວຽກຢູ່ວຽງຈັນ", "ວຽງຈັນ"), ("我来自中国北京", "北京"),
         ("東京海上日動火災保険株式会社", "株式会社"), ("𠀋🦊สมชายทำงาน", "ทำงาน"), ("Ann 3.5kg สมชายทำงาน", "3.5kg"),
         ("\ud800สมชายทำงาน", "ทำงาน")],
    )  # fmt: skip
    def test_words_of_scripts_without_spaces(self, text, word):
        pytest.importorskip("icu4py")
        split = split_function(TextReading(words="dictionary"), make_tokenizer("bert"))
        assert word in words_of(split, text)
        assert "".join(words_of(split, text)) == text.replace(" ", "")


def test_characters_are_those_that_people_count():
    assert words_of(split_into_characters, "e\u0301🇨🇭 a\r\nb") == ["e\u0301", "🇨🇭", "a", "b"]
