"""Texts that say nearly the same, of which one is enough to annotate."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .predictions import text_of

NEAR_DUPLICATES_SHARE = 0.8
"""From this share of words on, of those that either of two texts has, they are near-duplicates."""

_WORDS = re.compile(r"\w+")
_DIGITS = re.compile(r"\d")


def words_of(record: Mapping[str, Any]) -> frozenset[str]:
    """The different words of a text, without regard to letter case; all digits are the same."""
    return frozenset(_WORDS.findall(_DIGITS.sub("0", text_of(record).casefold())))


def are_near_duplicates(words: frozenset[str], others: frozenset[str]) -> bool:
    """Whether two texts share most of their words."""
    smaller, larger = sorted((len(words), len(others)))
    if smaller < NEAR_DUPLICATES_SHARE * larger:
        return False
    shared = len(words & others)
    return shared >= NEAR_DUPLICATES_SHARE * (smaller + larger - shared)


def digest_of(words: frozenset[str]) -> bytes:
    """A short name of a text's words, for those of very many texts."""
    return hashlib.blake2b(" ".join(sorted(words)).encode("utf-8", "surrogatepass"), digest_size=8).digest()


def without_annotated(records: Iterable[Mapping[str, Any]], texts: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    """The records that do not have the words of any of these texts.

    Args:
        records: Each with `text` or `tokens`, read as a stream.
        texts: Those that are annotated; eight bytes of each are kept.
    """
    annotated = {digest_of(words_of({"text": text})) for text in texts}
    return (record for record in records if digest_of(words_of(record)) not in annotated)
