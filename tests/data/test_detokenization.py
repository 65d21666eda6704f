"""Text put together from tokens: what tokenisation took apart, exact offsets, recorded texts."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.data.detokenization import join_tokens, text_of
from spert_hf.data.documents import Document
from tests.data.document_strategies import texts, words
from tests.support import growth

TEXTS = [
    ("Pell , of Duluth ( Minn. ) , left : why ?", "Pell, of Duluth (Minn.), left: why?"),
    ("the lawyer 's car is n't here , they 're sure", "the lawyer's car isn't here, they're sure"),
    ("Sa 'id O 'Neill 's 5 o 'clock rock 'n roll", "Sa'id O'Neill's 5 o'clock rock 'n roll"),
    ("the authors ' results", "the authors' results"),
    ("` ` We won , ' ' said Pell .", "``We won,'' said Pell."),
    ("We won , ' ' said Pell .", "We won,'' said Pell."),
    ("the `` best '' one", "the ``best'' one"),
    ("the '' best '' one", "the ''best'' one"),
    ('He said : " I am " and " you are . "', 'He said: "I am" and "you are."'),
    ('It is over , " he said .', 'It is over," he said.'),
    ("\" She told me , ' Sal left , ' \" he said", "\"She told me, 'Sal left,'\" he said"),
    ("a $ 5 bill of US $ 10 , 5 % of # 2", "a $5 bill of US $10, 5% of #2"),
    (
        "a 44 - year - old man on imipenem / cilastatin , e . g . today",
        "a 44-year-old man on imipenem/cilastatin, e.g. today",
    ),
    ("3 - to 13 - year periods", "3- to 13-year periods"),
    ("mild - to - severe pain", "mild-to-severe pain"),
    ("for $1 , 600 to 2 , 900 men at 1 : 44 a.m. : no", "for $1,600 to 2,900 men at 1:44 a.m.: no"),
    ("1 , 2 , 34 , and in 1985 , 400 men", "1, 2, 34, and in 1985, 400 men"),
    ("1.5 + / - 0.3 mg", "1.5 +/- 0.3 mg"),
    ("a well-known program - LEXICALL - takes", "a well-known program - LEXICALL - takes"),
    ("( AP ) - The court", "(AP) - The court"),
    ("WASHINGTON ( AP ) -- An Ohio -based firm", "WASHINGTON (AP) -- An Ohio-based firm"),
    ("the -LRB- ACL -RRB- meeting", "the -LRB- ACL -RRB- meeting"),
    ("他 住 在 东京 。 2020 年", "他住在东京。2020年"),
    ("東京 で 漢字 という term", "東京で漢字という term"),
    ("ฉัน รัก แมว in Bangkok", "ฉันรักแมว in Bangkok"),
    ("ខ្ញុំ ស្រលាញ់ ឆ្មា", "ខ្ញុំស្រលាញ់ឆ្មា"),
    ("ကျွန်တော် ကြောင် ချစ်", "ကျွန်တော်ကြောင်ချစ်"),
    ("그는 서울에 산다 .", "그는 서울에 산다."),
    ("", ""),
]

tokens = st.sampled_from(
    [*"()[]{}.,;:!?%$#-/'`\"_&~’‘“”", "``", "''", "--", "'s", "n't", "Pell", "s", "5", "漢", "ไทย", "。"]
)


@pytest.mark.parametrize(("tokenised", "text"), TEXTS)
def test_text_is_what_it_was_before_tokenisation(tokenised: str, text: str):
    assert join_tokens(tokenised.split())[0] == text


@given(st.lists(tokens | texts | words, max_size=12))
def test_every_token_stands_in_the_text_unchanged_and_in_order(given_tokens: list[str]):
    text, offsets = join_tokens(given_tokens)
    assert [text[start:end] for start, end in offsets] == given_tokens
    ends = [0, *(end for _, end in offsets)]
    gaps = [text[end:start] for end, (start, _) in zip(ends, offsets, strict=False)]
    assert set(gaps) <= {"", " "}
    assert ends[-1] == len(text)


@given(st.lists(words | tokens, min_size=1, max_size=8), st.data())
def test_a_recorded_text_is_taken_with_the_tokens_places_in_it(given_tokens: list[str], data: st.DataObject):
    spaces = st.sampled_from(["", " ", "\n", " \t "])
    parts = [part for token in given_tokens for part in (data.draw(spaces), token)]
    recorded = "".join(parts) + data.draw(spaces)
    text, offsets = text_of(Document(given_tokens, extra={"text": recorded}))
    assert [text[start:end] for start, end in offsets] == given_tokens
    assert all(end <= start for (_, end), (start, _) in pairwise(offsets))
    if not any(token[:1].isspace() for token in given_tokens):  # else there are two ways to place it
        assert text == recorded


@pytest.mark.parametrize(
    "recorded", ["Pell left", "Pell left home.", "left Pell .", "Well, Pell left .", "", None, 5, ["Pell left ."]]
)
def test_a_text_that_is_not_of_the_tokens_is_not_taken(recorded: object):
    document = Document(["Pell", "left", "."], extra={"text": recorded})
    assert text_of(document) == ("Pell left.", [(0, 4), (5, 9), (9, 10)])


def test_a_recorded_text_goes_before_the_rules():
    assert text_of(Document(["a", "-", "b"], extra={"text": " a -\nb"})) == (" a -\nb", [(1, 2), (3, 4), (5, 6)])


@pytest.mark.e2e
@pytest.mark.parametrize("repeated", ["'", "`", '"', "-", "word", "e ."])
def test_time_grows_with_the_length(repeated: str):
    def work(count: int) -> Callable[[], object]:
        tokens = repeated.split() * count
        return lambda: join_tokens(tokens)

    assert growth.exponent(work, largest=40_000) < growth.BELOW_THE_SQUARE


@pytest.mark.e2e
def test_time_to_find_tokens_in_a_text_grows_with_the_length():
    def work(count: int) -> Callable[[], object]:
        document = Document([" " * count + "x"] * 20, extra={"text": " " * (count * 20) + "x"})
        return lambda: text_of(document)

    assert growth.exponent(work, largest=100_000) < growth.BELOW_THE_SQUARE
