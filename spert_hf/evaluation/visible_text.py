"""Makes text from data safe to show: without characters that move the cursor, reverse a line or are invisible."""

from __future__ import annotations

import unicodedata

_CONTROL_PICTURES = 0x2400
_DELETE_PICTURE = "␡"
_SHOWN_FORMAT_CHARACTERS = "\u200c\u200d"
"""Zero-width joiners and non-joiners, which are harmless and part of words and emoji."""


def visible(text: str) -> str:
    """Return a text with control characters, direction overrides and lone surrogates spelled out.

    Blank text becomes open boxes, so that an empty token or one of spaces is visible.
    """
    if not text.strip(" \u00a0\u3000"):
        return "␣" * max(len(text), 1)
    return "".join(map(_visible_character, text))


def _visible_character(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(_CONTROL_PICTURES + code)
    if code == 0x7F:
        return _DELETE_PICTURE
    category = unicodedata.category(character)
    if category in ("Cc", "Cs", "Zl", "Zp") or (category == "Cf" and character not in _SHOWN_FORMAT_CHARACTERS):
        return f"⟨U+{code:04X}⟩"
    return character
