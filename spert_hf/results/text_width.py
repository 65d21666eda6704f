"""Estimates of the width of a text without a browser, from the widths of letters in Helvetica and Arial."""

from __future__ import annotations

import unicodedata

FONT = "Arial, Helvetica, 'Liberation Sans', sans-serif"
SEMIBOLD = 1.08
"""The factor by which the letters of labels are wider than plain ones."""

_WIDTHS: dict[str, int] = {}
for _letters, _width in (
    ("ijl'", 222),
    ("|", 260),
    (" !,./:;I[\\]ft", 278),
    ("(){}-r`", 333),
    ('"', 355),
    ("*", 389),
    ("^", 469),
    ("Jckszvxy", 500),
    ("#$0123456789?L_abdeghnopqu", 556),
    ("+<=>~", 584),
    ("FTZ", 611),
    ("&ABEKPSVXY", 667),
    ("CDHNRUw", 722),
    ("GOQ", 778),
    ("mM", 833),
    ("%", 889),
    ("W", 944),
    ("@", 1015),
):
    _WIDTHS.update(dict.fromkeys(_letters, _width))
_OTHER = 600
_WIDE = 1000


def text_width(text: str, size: float) -> float:
    """Return the approximate width of a text in pixels at a font size; drawings stretch the text to it."""
    return sum(map(_width_of, text)) * size / 1000


def _width_of(character: str) -> int:
    if character in _WIDTHS:
        return _WIDTHS[character]
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    if unicodedata.east_asian_width(character) in "WF":
        return _WIDE
    return _WIDTHS.get(unicodedata.normalize("NFD", character)[0], _OTHER)
