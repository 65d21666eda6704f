"""`--engine ray`: whatever dies, each record is in the output once, with the result of a plain run."""

import random
import signal
from importlib.util import find_spec

import psutil
import pytest

from spert_hf.cli.main import main
from spert_hf.scale.manifest import MANIFEST
from tests.support.ray_runs import (
    SECONDS,
    TwoMachines,
    assert_same_rows,
    command,
    extractors,
    kill,
    rows_by_id,
    shards_in,
    start,
    wait_until,
    write_corpus,
)

# Not imported: Ray leaves threads and a handler of SIGTERM in a process.
pytestmark = pytest.mark.skipif(not find_spec("ray"), reason="the engine's library is not installed (extra ray)")

SHARDS = 16


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("corpus") / "in")


@pytest.fixture(scope="module")
def expected(corpus, tiny_checkpoint, tmp_path_factory):
    """What one process finds."""
    output = tmp_path_factory.mktemp("plain") / "found"
    assert main(command(tiny_checkpoint, corpus, output)[3:]) == 0
    rows = rows_by_id(output)
    assert any(row["relations"] for row in rows.values())
    return rows


@pytest.fixture(scope="module")
def machines():
    machines = TwoMachines()
    yield machines
    machines.close()


def finished(process, log):
    assert process.wait(SECONDS) == 0, log.read_text()


@pytest.mark.e2e
def test_an_actor_and_a_machine_are_lost(machines, corpus, expected, tiny_checkpoint, tmp_path):
    output, log = tmp_path / "found", tmp_path / "log"
    arguments = command(tiny_checkpoint, corpus, output, "--engine", "ray", "--address", machines.address)
    process = start([*arguments, "--actors", "2"], log)
    wait_until(lambda: shards_in(output) > 1, process)
    kill(extractors()[0])
    wait_until(lambda: shards_in(output) > 4, process)
    machines.lose_second()
    finished(process, log)
    assert_same_rows(rows_by_id(output), expected)


@pytest.mark.e2e
def test_records_that_kill_and_a_run_that_is_asked_to_stop(expected, tiny_checkpoint, tmp_path):
    special = {"1-13": "POISON in Oslo .", "2-5": "HUNGRY in Oslo ."}
    corpus = write_corpus(tmp_path / "in", special=special)
    output, log = tmp_path / "found", tmp_path / "log"
    arguments = command(tiny_checkpoint, corpus, output, "--engine", "ray")
    process = start(arguments, log)
    wait_until(lambda: shards_in(output) > 1, process)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGTERM)
    assert process.wait(SECONDS) == 143
    assert psutil.wait_procs(children, SECONDS)[1] == []
    done = shards_in(output)
    assert 1 < done < SHARDS
    assert f"{done} of {SHARDS} shards are in {output}; the same command goes on from there" in log.read_text()
    assert [path.name for path in output.iterdir() if path.name.startswith(".")] == [MANIFEST]

    finished(start(arguments, log), log)
    rows = rows_by_id(output)
    assert_same_rows(rows, expected, but=special)
    assert {name: row["error"] for name, row in rows.items() if "error" in row} == {
        "1-13": "the process that computed this record died each time",
        "2-5": "MemoryError",
    }
    assert "2 of " in log.read_text()


@pytest.mark.e2e
def test_a_full_disk(tiny_checkpoint, tmp_path):
    corpus = write_corpus(tmp_path / "in", padding="x" * 100_000)
    output, log = tmp_path / "found", tmp_path / "log"
    arguments = command(tiny_checkpoint, corpus, output, "--engine", "ray")
    process = start(arguments, log, file_size=500_000)
    assert process.wait(SECONDS) == 1
    assert "File too large" in log.read_text().splitlines()[-1]
    assert [path.name for path in output.iterdir()] == [MANIFEST]


@pytest.mark.nightly
def test_actors_that_die_as_they_load_the_model(corpus, tiny_checkpoint, tmp_path):
    output, log = tmp_path / "found", tmp_path / "log"
    process = start(command(tiny_checkpoint, corpus, output, "--engine", "ray"), log, start=1)
    assert process.wait(SECONDS) == 1
    said = log.read_text().splitlines()[-1]
    assert said.endswith("no actor can extract: 3 processes died while they loaded the model; is there enough memory?")


class Killed:
    """A run that is begun again when its command is killed."""

    def __init__(self, arguments, output, log):
        self.arguments, self.output, self.log = arguments, output, log
        self.process = start(arguments, log)

    def wait_for_a_shard(self):
        done = shards_in(self.output)
        wait_until(lambda: shards_in(self.output) > done or self.process.poll() is not None)
        return self.process.poll() is None

    def kill_something(self, machines, draw):
        victim = draw.choice(["actor", "machine", "command"])
        if victim == "command":
            self.process.kill()
            self.process.wait(SECONDS)
            self.process = start(self.arguments, self.log)
        elif victim == "machine":
            machines.lose_second()
            machines.add_second()
        elif actors := extractors():
            kill(draw.choice(actors))


@pytest.mark.nightly
def test_ten_kills_at_random_moments(machines, corpus, expected, tiny_checkpoint, tmp_path):
    """Of an actor, of a machine, and of the command."""
    output, log = tmp_path / "found", tmp_path / "log"
    arguments = command(tiny_checkpoint, corpus, output, "--engine", "ray", "--address", machines.address)
    run = Killed([*arguments, "--actors", "2"], output, log)
    draw = random.Random(1)
    kills = 0
    while kills < 10:
        if run.wait_for_a_shard():
            run.kill_something(machines, draw)
            kills += 1
        else:  # it was faster than the kills
            finished(run.process, log)
            assert_same_rows(rows_by_id(output), expected)
            next(output.glob("part*.jsonl")).unlink()
            run.process = start(run.arguments, log)
    finished(run.process, log)
    assert_same_rows(rows_by_id(output), expected)
