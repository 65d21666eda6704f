"""Which tests pytest-xdist gives to one worker together, and which come first (`--dist loadgroup`).

Tests of a file stay together, and so do those of folders that share what is slow to make: browsers, servers from which
processes are forked, and what only they import. What takes long comes first, so that no worker waits at the end.
"""

from collections.abc import Container
from pathlib import Path

import pytest

from tests.support.tiers import tiers_of

TESTS = Path(__file__).parents[1]
FIRST = ("browser/test_static_space.py", "hub", "browser", "training", "scale/test_ray_engine.py", "space", "serving")
"""Files and folders that take longest, and in which tests share most, in the order in which they are begun."""


def group_of(path: Path) -> str:
    """The group of a file of tests: one of [`FIRST`], or its own."""
    place = path.relative_to(TESTS).as_posix()
    return next((group for group in FIRST if place == group or place.startswith(f"{group}/")), place)


def group_tests(items: list[pytest.Item]) -> None:
    """Mark tests with their groups, and put those that take long first."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(group_of(item.path)))
    slow = {group_of(item.path) for item in items if tiers_of(item)}
    items.sort(key=lambda item: _rank(group_of(item.path), slow))


def _rank(group: str, slow: Container[str]) -> int:
    if group in FIRST:
        return FIRST.index(group)
    return len(FIRST) + (group not in slow)
