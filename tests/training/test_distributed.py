"""Several processes train as one does with the same global batch, stop together, and do not wait for the dead."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest
import torch
from safetensors.torch import load_file

from spert_hf.training.checkpoints import TrainingState
from spert_hf.training.launching import is_first_process, missing_processes, processes_asked_for
from tests.support.tiny_models import make_tiny_checkpoint
from tests.support.training_runs import PATIENCE, Run, RunMaker

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    # With bias correction, as without it the first steps are too small for anything to differ by.
    folder = tmp_path_factory.mktemp("distributed") / "all"
    return RunMaker(folder, num_train_epochs=2, optim="adamw").without_dropout()


@pytest.fixture(scope="module")
def one(runs):
    """On one process, with batches of four."""
    return runs.finish("one", per_device_train_batch_size=4)


def is_stepping(run: Run) -> bool:
    return len(run.log()) > 3


def assert_equal_within_float(one: Run, other: Run, weights: str = "model.safetensors") -> None:
    """The same loss curve, scores and weights, which are in a file of this name."""
    assert len(one.log()) == len(other.log())
    for ours, theirs in zip(one.log(), other.log(), strict=True):
        assert theirs == pytest.approx(ours, rel=1e-4, abs=1e-6)
    others = load_file(other.folder / weights)
    for name, weight in load_file(one.folder / weights).items():
        torch.testing.assert_close(others[name], weight, atol=1e-4, rtol=0)
    assert final_scores(other) == pytest.approx(final_scores(one))


def final_scores(run: Run) -> dict[str, float]:
    """Scores on the test split, whose five sentences two processes cannot share evenly."""
    content = json.loads((run.folder / "training_run.json").read_text())
    assert content["scores"]["documents"] == content["scores_as_text"]["documents"] == 5
    return {
        f"{kind} {task} {name}": value
        for kind in ("scores", "scores_as_text")
        for task in ("ner", "rel_plus")
        for name, value in content[kind][task]["micro"].items()
    }


@pytest.mark.e2e
@pytest.mark.parametrize(("processes", "batch_size", "accumulated"), [(2, 2, 1), (2, 1, 2), (1, 2, 2), (1, 1, 4)])
def test_however_a_step_is_spread_it_is_the_same(runs, one, processes, batch_size, accumulated):
    settings = {"per_device_train_batch_size": batch_size, "gradient_accumulation_steps": accumulated}
    name = f"{processes} x {batch_size} x {accumulated}"
    other = runs.finish_ranks(name, processes, **settings) if processes > 1 else runs.finish(name, **settings)
    assert len(one.log()) == 14
    assert_equal_within_float(one, other)


@pytest.mark.e2e
def test_processes_have_the_same_copies(runs):
    shares = {"lower_case_copies": 0.5, "upper_case_copies": 0.25}
    one = runs.finish("copies on one", per_device_train_batch_size=4, **shares)
    other = runs.finish_ranks("copies on two", 2, per_device_train_batch_size=2, **shares)
    assert len(one.log()) == 22
    assert_equal_within_float(one, other)


@pytest.mark.e2e
def test_a_batch_may_be_computed_twice(runs, one):
    """Without dropout both predictions are the same, so that nothing pulls."""
    other = runs.finish_ranks("twice", 2, per_device_train_batch_size=2, consistency_weight=5.0)
    assert_equal_within_float(one, other)


@pytest.mark.e2e
def test_processes_have_the_same_teachers(runs, one, tmp_path):
    teachers = make_tiny_checkpoint(
        "bert",
        tmp_path,
        entity_types=["Loc", "Org", "Peop"],
        relation_types=["Work_For", "Near"],
        symmetric_relation_types=["Near"],
    )
    taught = {"teachers": str(teachers), "teacher_weight": 0.75}
    taught_on_one = runs.finish("taught on one", per_device_train_batch_size=4, **taught)
    other = runs.finish_ranks("taught on two", 2, per_device_train_batch_size=2, **taught)
    assert_equal_within_float(taught_on_one, other)
    assert taught_on_one.log()[3]["loss"] != pytest.approx(one.log()[3]["loss"], rel=1e-2)


@pytest.mark.e2e
def test_adapters_are_the_same_on_several_processes_and_go_on_there(runs):
    pytest.importorskip("peft")
    adapters = {"lora_r": 2, "learning_rate": 1e-2}
    one = runs.finish("adapters on one", per_device_train_batch_size=4, **adapters)
    whole = runs.finish_ranks("adapters on two", per_device_train_batch_size=2, **adapters)
    assert_equal_within_float(one, whole, "adapter_model.safetensors")
    assert not (whole.folder / "model.safetensors").exists()
    settings = {"per_device_train_batch_size": 2, **adapters}
    for run in runs.stop_ranks("adapters stopped", 1, signal.SIGTERM, is_stepping, **settings):
        assert run.wait() == 143, run.said()
    resumed = runs.finish_ranks("adapters stopped", resume_from_checkpoint="latest", **settings)
    assert resumed.log() == whole.log()
    adapted = (run.folder / "adapter_model.safetensors" for run in (resumed, whole))
    assert len({path.read_bytes() for path in adapted}) == 1


@pytest.mark.e2e
def test_processes_that_are_asked_to_stop_save_and_go_on_together(runs):
    whole = runs.finish_ranks("whole")
    for run in runs.stop_ranks("stopped", 1, signal.SIGTERM, is_stepping):  # the other one learns of it
        assert run.wait() == 143, run.said()
    assert runs.finish_ranks("stopped", resume_from_checkpoint="latest").result() == whole.result()


@pytest.mark.e2e
@pytest.mark.parametrize("killed", [0, 1])
def test_a_rank_that_dies_ends_the_run(runs, killed):
    ranks = runs.start_ranks(f"dead{killed}", num_train_epochs=1000)
    ranks[0].wait_until(lambda: is_stepping(ranks[0]))
    ranks[killed].send(signal.SIGKILL)
    assert ranks[1 - killed].wait() not in (0, -signal.SIGKILL)


@pytest.mark.e2e
def test_a_rank_that_hangs_ends_the_run(runs):
    ranks = runs.start_ranks("hanging", num_train_epochs=1000, ddp_timeout=3)
    ranks[0].wait_until(lambda: is_stepping(ranks[0]))
    os.kill(ranks[1].process.pid, signal.SIGSTOP)
    assert ranks[0].wait() not in (0, -signal.SIGKILL)
    ranks[1].send(signal.SIGKILL)


@pytest.mark.parametrize(
    ("command", "processes"),
    [
        ("python accelerate launch --cpu --num_processes 2 train.py --seed 3", 2),
        ("python -m accelerate.commands.launch --num_processes=3 --mixed_precision bf16 train.py", 3),
        ("accelerate-launch --cpu --num_processes 2 -m spert_hf.cli.main train", 2),
        ("python /somewhere/bin/accelerate launch --config_file {config} train.py", 4),
        ("bash start.sh", 0),
    ],
)
def test_processes_asked_for(command, processes, tmp_path):
    config = tmp_path / "accelerate.yaml"
    config.write_text(
        "compute_environment: LOCAL_MACHINE\ndistributed_type: MULTI_CPU\nuse_cpu: true\nnum_machines: 1\n"
        "num_processes: 4\n"
    )
    assert processes_asked_for(command.format(config=config).split()) == processes


def test_several_machines_are_refused():
    with pytest.raises(ValueError, match=r"start train\.py with torchrun"):
        processes_asked_for(["accelerate", "launch", "--num_processes", "4", "--num_machines", "2", "train.py"])


def test_no_process_is_missing_where_none_was_asked_for():
    assert missing_processes() == 0


@pytest.fixture
def accelerate_launch(runs):
    """Start the command that users are told of; whatever it has started ends with the test."""
    started = []

    def launch(name: str, **settings: object) -> subprocess.Popen:
        command = [sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2", "train.py"]
        command += runs.flags(name, **settings)
        started.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
        return started[-1]

    yield launch
    for launched in started:
        if launched.poll() is None:
            for process in psutil.Process(launched.pid).children(recursive=True):
                process.kill()
            launched.kill()


@pytest.mark.nightly
def test_accelerate_launch_starts_as_many_processes_as_it_is_asked_for(accelerate_launch, one):
    launched = accelerate_launch("launched")
    said, _ = launched.communicate(timeout=PATIENCE)
    assert launched.returncode == 0, said
    assert "starting 2 processes with torchrun" in said
    folder = one.folder.with_name("launched")
    assert json.loads((folder / "training_run.json").read_text())["processes"] == 2
    assert_equal_within_float(one, Run(one.process, folder, one.output))


def training_processes(launched: subprocess.Popen) -> list[psutil.Process]:
    """The processes that train, without those that start and watch them."""
    below = psutil.Process(launched.pid).children(recursive=True)
    return [process for process in below if not process.children() and "train.py" in process.cmdline()]


def wait_for_steps(folder: Path) -> None:
    log, until = folder / "training_log.jsonl", time.monotonic() + PATIENCE
    while not (log.is_file() and log.stat().st_size) and time.monotonic() < until:
        time.sleep(0.1)


@pytest.mark.nightly
def test_a_launched_rank_that_dies_ends_the_run(accelerate_launch, one):
    launched = accelerate_launch("launched_dead", num_train_epochs=10000)
    wait_for_steps(one.folder.with_name("launched_dead"))
    training = training_processes(launched)
    assert len(training) == 2
    training[1].kill()
    said, _ = launched.communicate(timeout=PATIENCE)
    assert launched.returncode != 0
    assert "ended with exit code" in said
    assert not any(process.is_running() for process in training)


@pytest.mark.nightly
def test_a_run_whose_launcher_is_killed_saves_and_ends(accelerate_launch, one):
    folder = one.folder.with_name("orphaned")
    launched = accelerate_launch("orphaned", num_train_epochs=10000)
    wait_for_steps(folder)
    training = training_processes(launched)
    started_by = psutil.Process(training[0].ppid())
    started_by.kill()
    launched.communicate(timeout=PATIENCE)
    _, left = psutil.wait_procs(training, timeout=PATIENCE)
    assert not left
    assert len(list(folder.glob("checkpoint-*"))) == 1


@pytest.mark.e2e
def test_all_processes_leave_where_the_first_may_not_write(runs):
    folder = Path(runs.flags("taken")[0].partition("=")[2])
    (folder / "checkpoint-3").mkdir(parents=True)
    state = json.dumps(asdict(TrainingState(step=3, run={"seed": 7})))
    (folder / "checkpoint-3" / "trainer_state.json").write_text(state)
    ranks = runs.start_ranks("taken")
    assert [run.wait() for run in ranks] == [1, 1]
    assert all("holds checkpoint-3 of another run" in run.said() for run in ranks)
    assert [path.name for path in folder.iterdir()] == ["checkpoint-3"]


def test_only_the_first_process_looks_at_the_folder(monkeypatch):
    assert is_first_process()
    for name, first in (("RANK", "0"), ("OMPI_COMM_WORLD_RANK", "0"), ("PMI_RANK", "0")):
        monkeypatch.setenv(name, first)
        assert is_first_process()
        monkeypatch.setenv(name, "1")
        assert not is_first_process()
        monkeypatch.delenv(name)
