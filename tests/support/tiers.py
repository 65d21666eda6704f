"""The tiers of the suite: which one a test belongs to, and what keeps a test out of the default one.

A test without a mark belongs to the default tier. `e2e` and `browser` run in CI, `tools` and `nightly` by themselves.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

TIERS = ("e2e", "browser", "tools", "nightly")
BROWSER_TESTS = Path(__file__).parents[1] / "browser"
TOOL_TESTS = Path(__file__).parents[1] / "tools"

# What starts a browser, a distributed run, runs that are killed, or a server of its own.
STARTERS = re.compile(
    r"sync_playwright|\bopen_demo\b|RunMaker\(|_ranks\(|commands\.launch|serve_process\(|run_fresh_python|DATASETS_3"
)


def tiers_of(item: pytest.Item) -> list[str]:
    """Names of the tiers that a test is marked with."""
    return [tier for tier in TIERS if item.get_closest_marker(tier)]


def assign_tiers(items: Iterable[pytest.Item]) -> None:
    """Give the tests of the browser's and of the tools' folder their mark, unless they have another tier's.

    Raises:
        pytest.UsageError: a test belongs to several tiers, so that it would run more than once.
    """
    for item in items:
        for folder, tier in ((BROWSER_TESTS, "browser"), (TOOL_TESTS, "tools")):
            if folder in item.path.parents and not tiers_of(item):
                item.add_marker(tier)
        if len(tiers := tiers_of(item)) > 1:
            raise pytest.UsageError(f"{item.nodeid}: marked {' and '.join(tiers)}; a test belongs to one tier")


def unmarked_files(folder: Path) -> list[Path]:
    """Test files below a folder that start what the default tier does not, without a tier's mark in them."""
    mark = re.compile(rf"pytest\.mark\.({'|'.join(TIERS)})\b")
    return [
        path
        for path in sorted(folder.rglob("test_*.py"))
        if STARTERS.search(text := path.read_text(encoding="utf-8"))
        and not mark.search(text)
        and path.parent not in (BROWSER_TESTS, TOOL_TESTS)
    ]


def first_by_default(values: Sequence[Any], count: int = 2) -> list[Any]:
    """Values of a parameter, of which the first few belong to the default tier, and all others to `e2e`."""
    return [*values[:count], *(pytest.param(value, marks=pytest.mark.e2e) for value in values[count:])]
