"""The order in which files of tests are given to pytest-xdist's workers: what takes long first.

So no worker waits at the end for another one that has begun a slow file late.
"""

from collections.abc import Container
from pathlib import Path

import pytest

from tests.support.tiers import tiers_of

TESTS = Path(__file__).parents[1]
FIRST = ("browser/test_static_space.py", "training", "scale/test_ray_engine.py", "hub", "browser", "space", "serving")
"""Files and folders that take longest, in the order in which they are begun."""


def slow_first(items: list[pytest.Item]) -> None:
    """Sort tests, so that files that take long come first; tests of a file stay together, in their order."""
    slow = {item.path for item in items if tiers_of(item)}
    items.sort(key=lambda item: _rank(item.path, slow))


def _rank(path: Path, slow: Container[Path]) -> int:
    place = path.relative_to(TESTS).as_posix()
    for rank, first in enumerate(FIRST):
        if place == first or place.startswith(f"{first}/"):
            return rank
    return len(FIRST) + (path not in slow)
