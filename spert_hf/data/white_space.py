"""Tokens of white space only, as spaCy and Prodigy have them: they are left out, and offsets move with that."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate


def count_blank(tokens: Sequence[str]) -> int:
    """How many tokens are white space only."""
    return sum(map(str.isspace, tokens))


def moved_offsets(tokens: Sequence[str]) -> list[int]:
    """What each token offset, 0 … number of tokens, is among the tokens that are left."""
    return [*accumulate((not token.isspace() for token in tokens), initial=0)]


def blank_note(count: int) -> str:
    """The line that tells of tokens left out."""
    return f"{count} token{'s are' if count > 1 else ' is'} white space only, and left out"
