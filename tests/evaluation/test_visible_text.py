import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.evaluation.visible_text import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Tromsø 東京 🚢 👩\u200d🔬", "Tromsø 東京 🚢 👩\u200d🔬"),
        ("a\x1b[2Jb", "a␛[2Jb"),
        ("a\nb\x7f\x00", "a␊b␡␀"),
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("\ud800", "⟨U+D800⟩"),
        ("\x9b", "⟨U+009B⟩"),
        ("", "␣"),
        ("  ", "␣␣"),
    ],
)
def test_what_cannot_be_seen_is_spelled_out(text, shown):
    assert visible(text) == shown


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_the_result_can_be_written_and_holds_no_control_characters(text):
    shown = visible(text)
    assert shown
    shown.encode("utf-8")
    assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in shown)
