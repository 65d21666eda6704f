"""Which texts are forms of one name, and by which rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.graph.rules import MERGES, NORMALISING, is_short_form, normalise, rule_between, surname_in


@pytest.mark.parametrize(
    ("text", "name", "rule"),
    [
        ("ＡＰ", "AP", "unicode"),
        ("O’Brien", "O'Brien", "unicode"),
        ("New\u00a0 York", "New York", "blanks"),
        ("Ill ., U.S.", "Ill., U.S.", "blanks"),
        ("AT & T", "AT&T", "blanks"),
        ("BEIRUT", "Beirut", "case"),
        ("The Hague", "hague", "article"),
        ("Reagan's", "Reagan", "possessive"),
        ("Democrats '", "Democrats", "possessive"),
        ("Sen. Bob Dole", "Bob Dole", "title"),
        ("Vice President Bush", "Bush", "title"),
        ("Texas.", "Texas", "point"),
        ("The  Texas.", "Texas", "point"),
    ],
)
def test_forms_of_one_name(text, name, rule):
    assert normalise(text, MERGES, True) == normalise(name, MERGES, True)
    assert rule_between(text, name, MERGES, True) == rule_between(name, text, MERGES, True) == rule
    without = [one for one in MERGES if one != rule]
    assert normalise(text, without, True) != normalise(name, without, True)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Anderson", "Andersen"), ("New York", "Newyork"), ("A", "The"), ("'s", ""), ("Theodore", "odore")],
)
def test_other_names(one, other):
    assert normalise(one, MERGES, True) != normalise(other, MERGES, True)


def test_titles_are_those_of_persons():
    assert normalise("General Motors", MERGES) == "general motors"
    assert normalise("Prince", MERGES, True) == "prince"


@given(st.text(alphabet="aAs.'’ \u00a0Ｔthe-é(\u200b", max_size=12), st.booleans())
def test_a_text_has_a_key_unless_it_is_blank(text, is_person):
    key = normalise(text, MERGES, is_person)
    assert bool(key) == bool(normalise(text, ["unicode"]).strip())
    for used in range(len(NORMALISING) + 1):
        rules = list(NORMALISING)[:used]
        assert normalise(text, rules, is_person) == normalise(text, rules, is_person)


@pytest.mark.parametrize(
    ("short", "long", "fits"),
    [
        ("AP", "Associated Press", True),
        ("AP", "the Associated Press", True),
        ("FBI", "Federal Bureau of Investigation", True),
        ("U.S.S.R.", "Union of Soviet Socialist Republics", True),
        ("COMESA", "Common Market for East and Southern Africa", True),
        ("EAGA", "East Asian Growth Area", True),
        ("UPI", "Associated Press", False),
        ("Press", "Associated Press", False),
        ("R-Kan", "Robert Dole", False),
        ("D", "Democrat", False),
        ("AP", "AP", False),
        ("PA", "Associated Press", False),
    ],
)
def test_short_forms(short, long, fits):
    assert is_short_form(short, long) is fits


@pytest.mark.parametrize(
    ("name", "surname"),
    [
        ("john f.kennedy", "kennedy"),
        ("martin luther king jr.", "king"),
        ("martin luther king,jr.", "king"),
        ("sean o'brien", "o'brien"),
        ("kennedy", None),
        ("jr.", None),
    ],
)
def test_surnames(name, surname):
    assert surname_in(name) == surname
