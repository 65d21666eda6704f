"""A run that is killed or asked to stop, and started again, ends as one that never was.

The same weights, bit for bit, and the same log.
"""

import random
import resource
import shutil
import signal
import subprocess
import time

import pytest

from tests.support.training_runs import Run, RunMaker

STEPS_IN_EPOCH = 12


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Runs that save their first checkpoint in the first epoch, and none at its end."""
    return RunMaker(tmp_path_factory.mktemp("runs") / "all", save_steps=5, load_best_model_at_end=True)


@pytest.fixture(scope="module")
def undisturbed(runs):
    return runs.finish("undisturbed")


@pytest.fixture
def stopped(runs, undisturbed, request, tmp_path):
    """A run that was stopped after its second checkpoint."""
    return runs.stop(request.node.name, signal.SIGKILL, lambda run: 10 in run.checkpoints())


def is_stepping(run: Run) -> bool:
    return len(run.log()) > STEPS_IN_EPOCH + 3


def is_saving(run: Run) -> bool:
    return any(run.folder.glob(".unfinished-checkpoint-10"))


def is_evaluating(run: Run) -> bool:
    log = run.log()
    return bool(log) and log[-1]["step"] == STEPS_IN_EPOCH and "loss" in log[-1]


def is_before_any_checkpoint(run: Run) -> bool:
    return len(run.log()) > 1


@pytest.mark.e2e
@pytest.mark.parametrize("moment", [is_stepping, is_saving, is_evaluating])
def test_a_killed_run_goes_on(runs, undisturbed, moment):
    name = f"killed_when_{moment.__name__}"
    runs.stop(name, signal.SIGKILL, moment)
    resumed = runs.finish(name, resume_from_checkpoint="latest")
    assert resumed.result() == undisturbed.result()
    assert resumed.checkpoints() == undisturbed.checkpoints() == [30, 35]
    assert not any(resumed.folder.glob(".unfinished*"))


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(2))
def test_a_run_killed_at_ten_random_moments_goes_on(tmp_path, seed):
    runs = RunMaker(tmp_path / "all", save_steps=5, load_best_model_at_end=True, num_train_epochs=12)
    started = time.perf_counter()
    undisturbed = runs.finish("undisturbed")
    seconds = time.perf_counter() - started
    moments = random.Random(seed)
    kills = 0
    while kills < 10:
        run = runs.start("killed", resume_from_checkpoint="latest")
        run.process.join(moments.uniform(0.03, 0.25) * seconds)
        exit_code = run.send(signal.SIGKILL)
        assert exit_code in (0, -signal.SIGKILL), run.said()
        kills += exit_code != 0
        if exit_code == 0:  # it came to its end: the kills that are left go to a second run
            assert run.result() == undisturbed.result()
            shutil.rmtree(run.folder)
    assert runs.finish("killed", resume_from_checkpoint="latest").result() == undisturbed.result()


@pytest.mark.e2e
@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("moment", [is_before_any_checkpoint, is_evaluating])
def test_a_run_that_is_asked_to_stop_saves_first(runs, undisturbed, number, exit_code, moment):
    name = f"{number.name}_when_{moment.__name__}"
    run = runs.stop(name, number, moment, save_steps=0)
    assert run.wait() == exit_code, run.said()
    assert run.checkpoints() == [run.log()[-1]["step"]]
    assert f"interrupted by {number.name}; saved {run.folder}/checkpoint-" in run.said()
    assert runs.finish(name, resume_from_checkpoint="latest").result() == undisturbed.result()


@pytest.mark.e2e
def test_latest_begins_anew_where_there_is_no_checkpoint_yet(runs, undisturbed):
    run = runs.finish("from_nothing", resume_from_checkpoint="latest")
    assert "holds no checkpoint yet: training starts from the beginning" in run.said()
    assert run.result() == undisturbed.result()


@pytest.mark.e2e
def test_a_damaged_checkpoint_is_named_and_the_one_before_it_used(runs, undisturbed, stopped):
    damaged = stopped.folder / "checkpoint-10" / "optimizer.pt"
    damaged.write_bytes(damaged.read_bytes()[:-1])
    resumed = runs.start(stopped.folder.name, resume_from_checkpoint="latest")
    assert resumed.wait() == 0, resumed.said()
    assert f"not resumed from: {damaged} is not what was saved" in resumed.said()
    assert resumed.result() == undisturbed.result()


@pytest.mark.e2e
def test_a_full_disk_stops_the_run_and_leaves_the_last_checkpoint(runs, undisturbed, stopped):
    """As with a quota; writing beyond it fails as on a full disk."""
    failed = runs.start(stopped.folder.name, prepare=_limit_file_size, resume_from_checkpoint="latest")
    assert failed.wait() == 1
    assert f"spert-hf train: {failed.folder}/" in failed.said()
    assert "could not be saved" in failed.said()
    assert "Traceback" not in failed.said()
    assert failed.checkpoints() == [5, 10]
    assert not any(failed.folder.glob(".unfinished*"))
    assert runs.finish(stopped.folder.name, resume_from_checkpoint="latest").result() == undisturbed.result()


def _limit_file_size() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, resource.RLIM_INFINITY))


@pytest.fixture
def small_disk(tmp_path):
    """A disk for three checkpoints and no more."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if (
        not mount
        or subprocess.run([mount, "-t", "tmpfs", "-o", "size=1500k", "tmpfs", disk], capture_output=True).returncode
    ):
        pytest.skip("a small disk cannot be mounted here")
    yield disk
    subprocess.run(["umount", disk], check=True)


@pytest.mark.e2e
def test_a_small_disk_stops_the_run_and_leaves_the_last_checkpoint(runs, undisturbed, small_disk):
    failed = runs.start("small", output_dir=small_disk / "run", save_total_limit=99)
    assert failed.wait() == 1
    assert "could not be saved, with 0." in failed.said()
    assert " MB free on its disk" in failed.said()
    assert "Traceback" not in failed.said()
    last = small_disk / "run" / f"checkpoint-{failed.checkpoints()[-1]}"
    resumed = runs.finish("elsewhere", resume_from_checkpoint=last)
    assert resumed.result() == undisturbed.result()


@pytest.mark.e2e
def test_bfloat16_trains_and_goes_on(runs):
    settings = {"bf16": True, "num_train_epochs": 2}
    whole = runs.finish("bf16", **settings)
    losses = [entry["loss"] for entry in whole.log() if "loss" in entry]
    assert losses[-1] < losses[0]
    run = runs.stop("bf16_stopped", signal.SIGTERM, lambda run: bool(run.checkpoints()), **settings)
    assert run.wait() == 128 + signal.SIGTERM
    assert runs.finish("bf16_stopped", resume_from_checkpoint="latest", **settings).result() == whole.result()
