"""A plugin of pytest that runs tests in random order: `pytest -p tests.support.random_order --order-seed 7`.

Files are shuffled, and the tests of each file, so that fixtures of a file are still made once. Tests that fail in an
order and not in the usual one leave something behind, or count on what others leave; the seed repeats the order.
"""

import random
from itertools import groupby

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--order-seed", type=int, default=0, help="seed of the order in which tests are run")


def pytest_report_header(config: pytest.Config) -> str:
    return f"random order: --order-seed {config.getoption('order_seed')}"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items[:] = shuffled(items, config.getoption("order_seed"))


def shuffled(items: list[pytest.Item], seed: int) -> list[pytest.Item]:
    """Shuffle files, and the tests in each; the same seed gives the same order of the same tests."""
    order = random.Random(seed)
    files = [list(tests) for _, tests in groupby(items, key=lambda item: item.path)]
    order.shuffle(files)
    for tests in files:
        order.shuffle(tests)
    return [item for tests in files for item in tests]


def pytest_terminal_summary(terminalreporter: "pytest.TerminalReporter", config: pytest.Config) -> None:
    terminalreporter.write_line(pytest_report_header(config))
