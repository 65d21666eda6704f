"""`spert-hf extract --engine ray` in processes of its own, on clusters of two machines that are processes here."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psutil

from tests.support.tiny_models import SENTENCES

ROOT = Path(__file__).parents[2]
SECONDS = 300
"""How long anything may take: far more than it does, as other processes may compute on these cores."""

_HARM = ROOT / "tests" / "support" / "harm"


def write_corpus(folder, files=4, records=40, special=None, padding=""):
    """Files of records with an id each; `special` gives texts by id."""
    folder.mkdir()
    for file in range(files):
        lines = []
        for number in range(records):
            text = " ".join(SENTENCES[number % len(SENTENCES)])
            name = f"{file}-{number}"
            lines.append(json.dumps({"id": name, "text": (special or {}).get(name, text), "padding": padding}))
        (folder / f"part{file}.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def command(checkpoint, corpus, output, *more):
    """The command, without its engine."""
    given = ["--model", checkpoint, "--input", corpus, "--output", output, "--id-column", "id", "--format", "jsonl"]
    given += ["--shard-size", 10, "--batch-size", 1, *more]
    return [sys.executable, "-m", "spert_hf", "extract", *map(str, given)]


def harmful(**settings):
    """An environment in which processes may come to harm; see `tests/support/harm`."""
    path = os.pathsep.join([str(_HARM), str(ROOT), os.environ.get("PYTHONPATH", "")])
    return {
        **os.environ,
        "PYTHONPATH": path,
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_worker_niceness": "0",  # by default, actors wait for what else is computed here
        **{f"HARM_{name.upper()}": str(value) for name, value in settings.items()},
    }


def start(arguments, log, **harm):
    with log.open("a") as stream:
        return subprocess.Popen(arguments, stdout=stream, stderr=stream, env=harmful(**harm))


def wait_until(happened, process=None):
    """Wait until something happens, which is to be before a process ends."""
    end = time.monotonic() + SECONDS
    while not happened():
        assert time.monotonic() < end
        assert process is None or process.poll() is None
        time.sleep(0.02)


def shards_in(output):
    return len([path for path in output.glob("*.jsonl") if not path.name.startswith(".")])


def extractors(of=None):
    """The processes of actors that extract, among the descendants of a process."""
    found = []
    for process in psutil.Process(of).children(recursive=True):
        try:
            if process.cmdline()[:1] and process.cmdline()[0].startswith("ray::Extractor"):
                found.append(process)
        except psutil.Error:  # it has ended
            continue
    return found


def kill(process):
    try:
        process.send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        return


def rows_by_id(output):
    """The rows of an output, in which each id is once."""
    rows = [json.loads(line) for path in sorted(output.glob("*.jsonl")) for line in path.read_text().splitlines()]
    assert [name for name, count in Counter(row["id"] for row in rows).items() if count > 1] == []
    return {row["id"]: row for row in rows}


def assert_same_rows(found, expected, but=()):
    """The same ids with the same results, scores within 1e-5."""
    assert found.keys() == expected.keys()
    for name, row in expected.items():
        if name not in but:
            assert without_scores(found[name]) == without_scores(row)
            pairs = zip(scores_of(found[name]), scores_of(row), strict=True)
            assert max((abs(one - other) for one, other in pairs), default=0) <= 1e-5


def without_scores(row):
    return {name: _plain(value) for name, value in row.items()}


def _plain(value):
    return [{key: one[key] for key in one if key != "score"} for one in value] if isinstance(value, list) else value


def scores_of(row):
    return [one["score"] for kind in ("entities", "relations") for one in row[kind]]


class TwoMachines:
    """A cluster of two machines with a CPU each (`tests/support/ray_machines.py`), of which the second can be lost."""

    def __init__(self):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.ray_machines"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=harmful(),
        )
        self.address = self._answer()
        self._has_second = True

    def add_second(self):
        if not self._has_second:
            self._ask("add")
            self._has_second = True

    def lose_second(self):
        if self._has_second:
            self._ask("lose")
            self._has_second = False

    def close(self):
        self._process.communicate(timeout=SECONDS)

    def _ask(self, what):
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        self._answer()

    def _answer(self):
        line = self._process.stdout.readline().strip()
        assert line, "Ray's cluster has ended"
        return line
