"""A run that is killed or asked to stop, and started again, ends as one that never was: the same weights, bit for bit,
and the same log."""

import random
import shutil
import signal
import time

import pytest

from tests.support.training_runs import Run, RunMaker


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return RunMaker(tmp_path_factory.mktemp("runs") / "all", save_steps=4, load_best_model_at_end=True)


@pytest.fixture(scope="module")
def undisturbed(runs):
    return runs.finish("undisturbed").result()


def resume(runs: RunMaker, name: str) -> Run:
    return runs.finish(name, resume_from_checkpoint="latest")


def is_saving(run: Run) -> bool:
    return any(run.folder.glob(".unfinished-checkpoint-*"))


def is_evaluating(run: Run) -> bool:
    log = run.log()
    return bool(log) and log[-1].get("step") == 12 and "loss" in log[-1]


def is_stepping(run: Run) -> bool:
    return len(run.log()) > 17


@pytest.mark.parametrize("moment", [is_saving, is_evaluating, is_stepping])
def test_killed_runs_go_on(runs, undisturbed, moment):
    name = moment.__name__
    run = runs.start(name)
    run.wait_until(lambda: moment(run))
    assert run.send(signal.SIGKILL) == -signal.SIGKILL
    assert resume(runs, name).result() == undisturbed
