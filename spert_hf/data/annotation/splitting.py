"""Which texts are for training, which for development and for testing: by text, never by sentence."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence

from ...model.messages import must_be


def check_shares(dev: float, test: float) -> None:
    """Check the shares of the dev and the test split.

    Raises:
        ValueError: Naming the share.
    """
    for name, share in (("dev", dev), ("test", test)):
        if not 0 <= share < 1:
            raise ValueError(must_be(name, "a number from 0 to less than 1", repr(share)))
    if dev + test >= 1:
        raise ValueError(must_be("dev + test", "less than 1, as the rest is for training", repr(dev + test)))


def draw_splits(texts: Sequence[bytes], dev: float, test: float, seed: int) -> list[str]:
    """Draw the split of each text; the same text, annotated twice, is in one split.

    Args:
        texts: A digest of each text (see [`digest_of`]).
        dev: The share of different texts for the dev split, 0 … 1.
        test: The share for the test split.
        seed: The same seed draws the same positions from as many texts.

    Returns:
        `train`, `dev` or `test` for each. At least one text is for training, and one for each split with a share above
        0 as far as there are texts.
    """
    different = list(dict.fromkeys(texts))
    order = random.Random(seed).sample(range(len(different)), len(different))
    split_of = dict.fromkeys(different, "train")
    left = len(different)
    for split, share in (("dev", dev), ("test", test)):
        count = min(max(1, round(share * len(different))) if share > 0 else 0, max(left - 1, 0))
        for position in order[left - count : left]:
            split_of[different[position]] = split
        left -= count
    return [split_of[text] for text in texts]


def digest_of(text: str) -> bytes:
    """A short digest of a text, by which it is known again."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
