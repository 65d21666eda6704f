"""Tests that are lost when a worker of pytest-xdist ends in the middle of one, as for lack of memory.

pytest-xdist can't hand out again what such a worker had been given (with `--dist loadfile` it waits for ever), so a run
in which this may happen has `--max-worker-restart=0`. `--lost-tests=FILE` writes the names of what was not run, for
`pytest @FILE`, and gives the run an exit code of its own, unless a test has failed or a worker ended in another way.
"""

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

LOST = 9
"""Exit code of a run in which nothing has failed, but tests were lost."""

_BY_THE_SYSTEM = -signal.SIGKILL
"""How the system ends a process, as for lack of memory. Any other end, such as a crash of native code, is a failure."""
_PATIENCE = 30


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption("--lost-tests", metavar="FILE", help="write the names of what a worker that ended has left undone")


def pytest_configure(config: pytest.Config) -> None:
    """Look at workers from the process that gives them tests."""
    file = config.getoption("--lost-tests")
    if file and "PYTEST_XDIST_WORKER" not in os.environ:
        config.pluginmanager.register(LostTests(Path(file).resolve()))


class LostTests:
    """The controller's plugin; see the module.

    Args:
        file: for names of lost tests, one a line.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._left: list[str] = []
        self._done: set[str] = set()
        self._failed = False
        self._ends: list[str] = []

    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Each worker collects the same."""
        self._left = list(ids)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Reports of tests in which a worker ended are pytest-xdist's: they belong to no phase of a test."""
        if report.when in ("setup", "call", "teardown"):
            self._failed |= report.failed
            if report.when == "teardown":
                self._done.add(report.nodeid)

    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Find out how a worker ended."""
        if not error:
            return
        try:
            code: object = node.gateway._io.popen.wait(_PATIENCE)
        except Exception as unknown:  # inner parts of execnet
            code = unknown
        self._failed |= code != _BY_THE_SYSTEM
        free = psutil.virtual_memory().available >> 20
        self._ends.append(f"{node.gateway.id} ended: {_name(code)}; {free:,} MiB of memory are free now")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write what was lost."""
        lost = [name for name in self._left if name not in self._done]
        if self._ends and lost and not self._failed:
            self._file.write_text("".join(f"{name}\n" for name in lost), encoding="utf-8")
            session.exitstatus = LOST

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say how workers ended."""
        for line in self._ends:
            terminalreporter.write_line(line)


def _name(code: object) -> str:
    if isinstance(code, int) and -code in set(signal.Signals):
        return signal.Signals(-code).name
    return f"exit code {code}"
