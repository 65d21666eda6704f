"""OpenVINO's threads are pinned to cores only where no other process needs these."""

import os
import threading
from pathlib import Path

import pytest
import torch

from spert_hf.cores import usable_cores, usable_physical_cores
from spert_hf.openvino import OpenVinoRuntime, use_openvino

_SAMPLES = 200

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="whether threads are pinned is seen on Linux, with two cores",
)


def cores_of_threads() -> set[str]:
    """The cores that threads of this process may run on now, as Linux lists them."""
    found = set()
    for task in Path("/proc/self/task").iterdir():
        try:
            status = (task / "status").read_text()
        except OSError:  # it has ended
            continue
        found.add(status.partition("Cpus_allowed_list:")[2].split()[0])
    return found


def is_pinned(runtime: OpenVinoRuntime, model) -> bool:
    """Whether a thread is seen on fewer cores while a runtime computes than before."""
    vectors = torch.zeros(8, 64, model.encoder.config.hidden_size)
    mask = torch.ones(8, 64, dtype=torch.long)
    runtime(vectors, mask)  # as it is compiled, other threads look at the cores one by one
    before, done = cores_of_threads(), threading.Event()

    def compute():
        while not done.is_set():
            runtime(vectors, mask)

    computing = threading.Thread(target=compute)
    computing.start()
    try:
        return any(cores_of_threads() - before for _ in range(_SAMPLES))
    finally:
        done.set()
        computing.join()


@pytest.fixture
def model(tiny_pipeline):
    return tiny_pipeline.model


@pytest.fixture
def runtime_of(model):
    """A function that gives a runtime with so many threads."""

    def make(threads):
        use_openvino(model, threads=threads)
        return model.runtime

    yield make
    model.set_runtime("cpu")


def test_threads_on_all_cores_are_pinned(runtime_of, model):
    assert is_pinned(runtime_of(usable_physical_cores()), model)


def test_fewer_threads_than_cores_may_run_on_any(runtime_of, model):
    assert not is_pinned(runtime_of(1), model)


def test_a_forked_process_computes_beside_others(runtime_of, model):
    runtime = runtime_of(usable_physical_cores())
    child = os.fork()
    if not child:
        code = 2
        try:
            code = int(is_pinned(runtime, model))
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_cores_are_those_of_the_process():
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert (usable_cores(), usable_physical_cores()) == (1, 1)
    finally:
        os.sched_setaffinity(0, before)
    assert usable_cores() == len(before)
