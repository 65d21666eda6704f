"""Commands whose standard streams are closed."""

import os
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(os.name != "posix", reason="closed as a POSIX shell does it")]


def run(arguments, closed, tmp_path):
    command = [sys.executable, "-m", "spert_hf.cli.main", *arguments]
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", *command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


@pytest.mark.parametrize(
    ("arguments", "closed", "said"),
    [
        (["extract", "--model", "no/model", "--input", "in.txt"], ">&-", "spert-hf extract: standard output is closed"),
        (["extract", "--model", "no/model", "--input", "-"], "<&-", "spert-hf extract: standard input is closed"),
        (["--version"], ">&-", "spert-hf: standard output is closed"),
    ],
)
def test_a_stream_that_is_needed_is_named(tmp_path, arguments, closed, said):
    (tmp_path / "in.txt").write_text("One.")
    ended = run(arguments, closed, tmp_path)
    assert ended.returncode == 1
    assert ended.stderr.startswith(said) and ended.stderr.count("\n") == 1


def test_streams_that_are_not_needed_may_be_closed_and_nothing_gets_into_the_output(tiny_checkpoint, tmp_path):
    (tmp_path / "in.txt").write_text("One.\nTwo.\n")
    arguments = ["extract", "--model", str(tiny_checkpoint), "--input", "in.txt", "--output", "found.jsonl"]
    assert run(arguments, ">&- 2>&- <&-", tmp_path).returncode == 0
    lines = (tmp_path / "found.jsonl").read_text().splitlines()
    assert len(lines) == 2 and all(line.startswith('{"text"') for line in lines)
