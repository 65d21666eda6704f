"""Sentences of texts, in SQL: where evidence is cut out. They are for people to read; nothing is computed on them."""

from __future__ import annotations

import re

from ..model.abbreviations import COMPANIES_AND_GENERATIONS, MONTHS, STATES, TITLES


def sentence_pattern() -> str:
    """Return a pattern of RE2 whose matches, one behind the other, are the sentences of a text and all of the text.

    It knows fewer cases than the model's own reading, as it runs over all texts of a corpus: a point ends a sentence
    before white space, unless it belongs to an initial or an abbreviation; so does an empty line.
    """
    words = sorted(TITLES | STATES | COMPANIES_AND_GENERATIONS | MONTHS)
    short = "|".join([*map(re.escape, words), "[A-Z]"])
    closing = r"""["'”’»)\]]*"""
    ends = rf"[.!?…]+{closing}\s+|[。！？।॥۔؟]+[”’」』]*\s*|\n\s*\n\s*|$"
    return rf"(?s)(?:\b(?:{short})\.\s|.)+?(?:{ends})"
