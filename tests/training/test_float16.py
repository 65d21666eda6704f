"""Mixed precision with float16: a scale for losses is looked for, which is no reason to report a step or to end."""

import signal
from functools import partial

import pytest
import torch

from tests.support.float16 import InfiniteGradients, compute_in_float16
from tests.support.training_runs import RunMaker

pytestmark = pytest.mark.e2e

ON_GPU = pytest.param(None, marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU"))
# Of so small a scale no step is lost, and losses can be compared step by step.
ON_PROCESSOR = partial(compute_in_float16, scale=256.0)
DEVICES = pytest.mark.parametrize("prepare", [ON_PROCESSOR, ON_GPU], ids=["processor", "gpu"])


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    maker = RunMaker(tmp_path_factory.mktemp("float16") / "all", num_train_epochs=2, save_steps=5, fp16=True)
    return maker.without_dropout()


@pytest.fixture(scope="module")
def in_single_precision(runs):
    return losses_of(runs.finish("single", fp16=False))


def losses_of(run):
    return [entry["loss"] for entry in run.log() if "loss" in entry]


def rates_of(run):
    return [entry["learning_rate"] for entry in run.log() if "loss" in entry]


@DEVICES
def test_it_trains_as_single_precision_does(runs, in_single_precision, prepare):
    run = runs.finish(f"trained{prepare is None}", prepare=prepare)
    assert losses_of(run) == pytest.approx(in_single_precision, rel=0.02 if prepare else 0.2)
    assert losses_of(run) != in_single_precision
    assert "not finite" not in run.said()


def test_steps_that_look_for_a_scale_are_neither_reported_nor_counted(runs):
    run = runs.finish("looking", prepare=partial(compute_in_float16, scale=2.0**24))
    rates = rates_of(run)
    looking = rates.count(0.0)
    assert 3 < looking < 20
    assert "not finite" not in run.said()
    # The schedule waited for the weights: from here on it is that of a run which begins here.
    assert rates[:looking] == [0.0] * looking
    assert rates[looking:] == rates_of(runs.finish("single", fp16=False))[: len(rates) - looking]
    assert losses_of(run)[-1] < losses_of(run)[looking]


@DEVICES
def test_it_goes_on_bit_for_bit(runs, prepare):
    whole = runs.finish(f"whole{prepare is None}", prepare=prepare)
    run = runs.stop(f"stopped{prepare is None}", signal.SIGTERM, lambda run: bool(run.checkpoints()), prepare)
    assert run.wait() == 128 + signal.SIGTERM
    resumed = runs.finish(f"stopped{prepare is None}", prepare=prepare, resume_from_checkpoint="latest")
    assert resumed.result() == whole.result()


def test_gradients_that_no_scale_makes_finite_end_the_run(runs):
    prepare = partial(compute_in_float16, 8.0, InfiniteGradients)
    run = runs.start("infinite", prepare=prepare, max_skipped_steps=4)
    assert run.wait() == 1
    # 8, 4 and 2 may still have been too large.
    assert [entry["step"] for entry in run.log() if "skipped" in entry] == [4, 5, 6, 7]
    assert "step 7: loss or gradient not finite" in run.said()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_cpu_is_not_asked_for_it(runs):
    run = runs.start("refused")
    assert run.wait() == 1
    assert "fp16 needs a GPU; use bf16 on a CPU" in run.said()
    assert "Traceback" not in run.said()
    assert not run.folder.exists()
