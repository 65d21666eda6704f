"""Child processes of one that has a model, of whatever kind: they find what their parent finds, and none hangs."""

import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from spert_hf.model import forking
from spert_hf.model.forking import computing, make_forks_safe
from tests.support.predictions import assert_same

ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
    pytest.mark.filterwarnings("ignore:.*fork.*"),
]


@pytest.mark.e2e
@pytest.mark.parametrize(
    "kind",
    [
        "forked",
        "preloaded",
        "with_more_threads",
        "mapped",
        "pool",
        "spawned",
        "forked_beside",
        "data_loader",
        "openvino",
    ],
)
def test_children_find_what_their_parent_finds(warm_python, tiny_checkpoint, kind):
    if kind == "openvino":
        pytest.importorskip("openvino")
    arguments = ["-m", "tests.support.child_processes", kind, tiny_checkpoint]
    done = warm_python.run(arguments, ROOT, {"TOKENIZERS_PARALLELISM": "false"})
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout.splitlines()[-1])
    assert any(found["relations"] for found in results["expected"])
    for found in results["found"]:
        assert_same(found, results["expected"])


def fork_and_tell(tell):
    """Fork; return the exit code of a child that only tells something."""
    child = os.fork()
    if not child:
        os._exit(tell())
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.fixture
def safe_forks():
    make_forks_safe()


@pytest.mark.usefixtures("safe_forks")
def test_a_fork_waits_for_what_another_thread_computes():
    """That thread may hold a lock, or compile a kernel, which nobody would do in the child."""
    begun, done = threading.Event(), threading.Event()

    def compute():
        with computing():
            begun.set()
            while not forking._state.forking:
                pass
            done.set()

    with ThreadPoolExecutor(1) as threads:
        computed = threads.submit(compute)
        begun.wait()
        assert fork_and_tell(done.is_set) == 1
        computed.result()


@pytest.mark.usefixtures("safe_forks")
def test_a_thread_may_fork_in_the_midst_of_its_own_computing():
    with computing(), computing():
        assert fork_and_tell(lambda: 7) == 7
    assert fork_and_tell(lambda: 8) == 8


@pytest.mark.usefixtures("safe_forks")
def test_a_fork_does_not_wait_for_ever(monkeypatch):
    monkeypatch.setattr(forking, "LONGEST_WAIT", 0.01)
    begun, end = threading.Event(), threading.Event()

    def hang():
        with computing():
            begun.set()
            end.wait()

    with ThreadPoolExecutor(1) as threads:
        threads.submit(hang)
        begun.wait()
        assert fork_and_tell(lambda: 9) == 9
        end.set()
    assert fork_and_tell(lambda: 10) == 10


@pytest.mark.usefixtures("safe_forks", "several_threads")
def test_a_child_computes_with_one_thread_and_its_parent_with_as_many_as_before():
    assert fork_and_tell(torch.get_num_threads) == 1
    assert torch.get_num_threads() == 3
