"""Tokens of white space only, which spaCy and Prodigy have: they are left out, and offsets are adapted."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate


def count_blank(tokens: Sequence[str]) -> int:
    """Return the number of tokens that are white space only."""
    return sum(map(str.isspace, tokens))


def moved_offsets(tokens: Sequence[str]) -> list[int]:
    """Return the new value of each token offset, from 0 to the number of tokens, after blank tokens are left out."""
    return [*accumulate((not token.isspace() for token in tokens), initial=0)]


def blank_note(count: int) -> str:
    """Return a line that says how many tokens were left out."""
    return f"{count} token{'s are' if count > 1 else ' is'} white space only, and left out"
