"""Text from data, made safe to show: nothing in it moves the cursor, reverses a line or vanishes."""

from __future__ import annotations

import unicodedata

_CONTROL_PICTURES = 0x2400
_DELETE_PICTURE = "␡"
_SHOWN_FORMAT_CHARACTERS = "\u200c\u200d"
"""Zero-width (non-)joiners: part of the spelling of words and emoji, and harmless."""


def visible(text: str) -> str:
    """Return a text with control characters, direction overrides and lone surrogates spelled out.

    Blank texts become open boxes, so that a token of spaces or none can be seen.
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
