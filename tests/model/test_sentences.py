"""Sentences of raw text: where they end, and above all where they do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.model.sentences_spert import sentence_ranges
from spert_hf.model.words_spert import split_by_first_rules
from tests.support import growth


def sentences(text):
    words = split_by_first_rules(text)
    return [text[words[first][0] : words[end - 1][1]] for first, end in sentence_ranges(text, words)]


@pytest.mark.parametrize(
    "parts",
    [
        ("It rained.", "It snowed!", "Did it?", "Yes."),
        ("Mr. X met Dr. Y. Z. Adams.", "They left."),
        ("He was born in Salem, Mass.", "In 1927 he moved to Boston."),
        ("The U.S. Army left.", "It had lost."),
        ("Write to Mobile, Ala. 36652 at once.", "He did."),
        ("She was born in Danville, Ala.", "Attending were two.", "Ames, N.Y. (AP) _ It rained."),
        ("She works in the U.S.", "He does not."),
        ("Police came at 5 p.m. Tuesday.", "Nobody was hurt."),
        ("It closed at 5 p.m.", "The police came."),
        ("John F. Kennedy and G. K. Chesterton met.", "So what?"),
        ("Acme Inc. President Pell resigned.", "Acme Corp. did not."),
        ("Yahoo! Inc. fell.", "Others rose."),
        ("It fell by 3.5 percent to 2,300.50.", "See example.com for more."),
        ("See Fig. 3 and No. 5.", "On Jan. 4 it rained."),
        ('"Go," he said.', '"Now."', "She left."),
        ('He said "Go."', "Then he left."),
        ("“Why?” she asked.", "“Because.”"),
        ("(He left.)", "She stayed (for a while)."),
        ("Well ... maybe not.", "Wait…", "Then go on."),
        ("1. Open it.", "2. Close it."),
        ("He lives there; she does not.", "Fine."),
        ("Kim Ash, 23, of Lima;", "Bo Ek, 40, of Oslo."),
        ("AT&amp;T Inc. and Smith &amp; Wesson rose.", "Both fell."),
        ("東京に行く。", "「はい。」", "そうですか？", "はい"),
        ("यह एक वाक्य है।", "यह दूसरा है।"),
        ("ماذا؟", "لا شيء."),
        ("¿Qué pasa?", "¡Nada!", "Bien."),
        ("Ёлка упала.", "Её подняли."),
        ("BOSTON (AP) _ A man fell.", "BOSTON (AP)", "Another did."),
        ("Published 12 May 94", "It was translated."),
        ("Grown 5 In all.",),
        ("It was translated.", "Paris AFP", "The talks failed.", "Lima EL MUNDO", "He left."),
        ("Oslo Radio Nord Network", "Snow fell."),
        ("(By Reuters correspondent Ann Lee)", "It rained."),
        ("Oslo DAGEN in Norwegian 4 May 94 pp 3, 5-7", "FOR OFFICIAL USE ONLY"),
        ("It is - FOR OFFICIAL USE ONLY", "Born poor, he left."),
        ("Former UNESCO Director Ek left.",),
        ("The CIA Director left.",),
        ("American NATO Ambassador Ek left.",),
        ("Oslo AFP editors left.",),
        ("National Public Radio President Ek left.",),
        ("no capital. here or there",),
        ("iPhone 5. iPad",),
        ("",),
    ],
)
def test_sentences_of_running_text(parts):
    assert sentences(" ".join(parts)) == [part for part in parts if part]


@pytest.mark.parametrize(
    "parts",
    [
        ("TULSA , Okla. ( AP ) _ It rained .", "It stopped ."),
        ('" Go . "', 'He said : " No . "', "She left ."),
        ("` ` Go. ' '", "He went ."),
        ("in the capital. ;", "Ten years ago : it rained ."),
        ("WAMPSVILLE , N.Y .", "He was there ."),
        ("Wait . . .", "It rained ."),
        ("He left .", "( By ITAR-TASS correspondent Ek )", "It rained ."),
        ("OSLO JOURNAL in English 4 May 94 pp 43 , 67-70", "It rained ."),
    ],
)
def test_sentences_of_tokenised_text(parts):
    assert sentences(" ".join(parts)) == list(parts)


@pytest.mark.parametrize("gap", ["\n\n", "\r\n\r\n", "\n \t\n", "\n\n\n\n", "\f", "\u2029", "\n• ", "\n  - ", "\n* "])
def test_what_separates_lines_ends_a_sentence_without_a_stop(gap):
    text = f"A headline{gap}another one"
    assert [sentence.lstrip("•-* ") for sentence in sentences(text)] == ["A headline", "another one"]


def test_a_wrapped_line_is_no_sentence():
    assert sentences("The harbour office\nof Kestrel Marine moved.\nIt rained.") == [
        "The harbour office\nof Kestrel Marine moved.",
        "It rained.",
    ]


hostile_texts = st.lists(
    st.sampled_from(
        ["a", "A", "U.S.", ". ", "? ", '"', " '", "' '", "\n", "\n\n", "(AP) ", ") ", "; ", "。", "…", "\ud800", "\x00"]
    )
    | st.text(max_size=5),
    max_size=40,
).map("".join)


@given(hostile_texts)
def test_every_word_is_in_one_sentence_and_in_order(text):
    words = split_by_first_rules(text)
    ranges = sentence_ranges(text, words)
    assert [index for first, end in ranges for index in range(first, end)] == list(range(len(words)))
    assert all(first < end for first, end in ranges)


@given(hostile_texts)
def test_a_sentence_is_not_split_again(text):
    """Reading a text's sentences one by one gives the same sequences as reading the text."""
    for sentence in sentences(text):
        if '"' not in sentence:  # whether a quote opens or closes depends on what stands before
            assert len(sentences(sentence)) == 1


UNITS = [".", ". ", "a. ", '."', "\n", "\n ", " ", "; A", "AAAA In ", "(", ". (", ".)", ".' '"]
UNITS_OF_SOURCES = ["Aa ", ". Aa AAAAAA ", "Radio ", "(By ", " p 1, 2"]


@pytest.mark.parametrize("unit", UNITS + UNITS_OF_SOURCES)
def test_time_grows_with_the_length_not_its_square(unit):
    def cost(length):
        text = (unit * length)[:length]
        return growth.processor_seconds(lambda: sentence_ranges(text, split_by_first_rules(text)))

    assert cost(100_000) < 9 * cost(25_000)  # 4 times as long: 4 in proportion, 16 by the square
