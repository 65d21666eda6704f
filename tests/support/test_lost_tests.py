"""A worker that ends in the middle of a test: what it leaves undone can be run by itself."""

import os
import signal
import subprocess
import sys

import pytest

from tests.support.lost_tests import LOST
from tests.support.running_order import TESTS

ENDING = """
import os, pathlib, pytest

@pytest.mark.parametrize("number", range(3))
def test_end(number):
    if number == 1 and not pathlib.Path("ended").exists():
        pathlib.Path("ended").touch()
        os.kill(os.getpid(), {number})
"""


def run(folder, *arguments):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.support.lost_tests", *arguments]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment["PYTHONPATH"] = str(TESTS.parent)
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("number", "other", "code"),
    [
        (signal.SIGKILL, "pass", LOST),
        (signal.SIGKILL, "assert False", 1),
        (signal.SIGSEGV, "pass", 1),
        (signal.SIGTERM, "pass", 1),
    ],
)
def test_lost_tests_are_named_unless_something_has_failed(tmp_path, number, other, code):
    (tmp_path / "pytest.ini").touch()
    (tmp_path / "test_end.py").write_text(ENDING.format(number=int(number)))
    (tmp_path / "test_other.py").write_text(f"def test_it():\n    {other}\n")
    parallel = "-n2", "--dist=loadfile", "--max-worker-restart=0", "--lost-tests=lost.txt"
    done = run(tmp_path, *parallel)
    assert done.returncode == code, done.stdout
    assert f"ended: {number.name}" in done.stdout
    if code == LOST:
        assert (tmp_path / "lost.txt").read_text().split() == ["test_end.py::test_end[1]", "test_end.py::test_end[2]"]
        assert "2 passed" in run(tmp_path, "@lost.txt").stdout
