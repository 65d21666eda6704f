"""Comparing what was found in texts."""

from collections.abc import Sequence
from typing import Any

import pytest

SCORE_TOLERANCE = 1e-5


def assert_same(found: Sequence[dict[str, Any]], expected: Sequence[dict[str, Any]]) -> None:
    """The same entities and relations, with scores that rounding alone can tell apart."""
    assert len(found) == len(expected)
    for result, wanted in zip(found, expected, strict=True):
        for kind in ("entities", "relations"):
            plain, plain_wanted = ([dict(item, score=None) for item in one[kind]] for one in (result, wanted))
            assert plain == plain_wanted
            scores, scores_wanted = ([item["score"] for item in one[kind]] for one in (result, wanted))
            assert scores == pytest.approx(scores_wanted, abs=SCORE_TOLERANCE)
