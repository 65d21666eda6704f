"""Workers: results in order, errors where they belong, and torch's threads as they were everywhere else."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from spert_hf.model.cpu_workers import MOST_WORKERS, count_workers, has_company, side_by_side

pytestmark = pytest.mark.usefixtures("several_threads")


def test_results_come_in_the_order_of_the_items():
    def slow_at_first(item):
        time.sleep(0.02 / (1 + item))
        return item * item

    assert list(side_by_side(slow_at_first, range(30), 3)) == [item * item for item in range(30)]


def test_workers_compute_at_the_same_time():
    all_there = threading.Barrier(3, timeout=120)
    list(side_by_side(lambda _: all_there.wait(), range(3), 3))


def test_workers_share_the_threads_of_the_one_that_asks():
    torch.set_num_threads(6)
    assert list(side_by_side(lambda _: (torch.get_num_threads(), has_company()), range(4), 2)) == [(3, True)] * 4
    assert (torch.get_num_threads(), has_company()) == (6, False)
    with ThreadPoolExecutor(1) as threads:  # one that begins after the workers have
        assert threads.submit(torch.get_num_threads).result() == 6


def test_a_worker_may_be_alone_and_have_fewer_threads():
    assert list(side_by_side(lambda _: (torch.get_num_threads(), has_company()), [0], 1, threads=1)) == [(1, False)]
    assert torch.get_num_threads() == 3


def test_there_are_no_more_workers_than_threads_nor_than_memory_is_for():
    assert count_workers() == 3
    torch.set_num_threads(MOST_WORKERS + 5)
    assert count_workers() == MOST_WORKERS


def test_an_error_is_raised_in_its_items_place():
    def fail_at_three(item):
        if item == 3:
            raise ValueError("three")
        return item

    results = side_by_side(fail_at_three, range(100), 3)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="three"):
        next(results)
    assert list(side_by_side(fail_at_three, range(3), 3)) == [0, 1, 2]


def test_not_much_is_computed_ahead():
    """Neither of what nobody asks for, nor after the reader has gone."""
    begun = []
    results = side_by_side(begun.append, range(1000), 3)
    next(results)
    time.sleep(0.05)
    assert len(begun) <= 8
    results.close()
    time.sleep(0.05)
    assert len(begun) <= 8


def test_threads_that_use_the_workers_together_do_not_wait_for_each_other_for_ever():
    with ThreadPoolExecutor(8) as threads:
        sums = threads.map(lambda base: sum(side_by_side(lambda item: base + item, range(50), 3)), range(16))
        assert list(sums) == [50 * base + 1225 for base in range(16)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*")
def test_a_forked_process_has_workers_of_its_own():
    assert list(side_by_side(abs, [-1], 3)) == [1]
    child = os.fork()
    if not child:
        os._exit(next(side_by_side(abs, [-7], 3)))
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            assert os.waitstatus_to_exitcode(status) == 7
            return
        time.sleep(0.01)
    os.kill(child, 9)
    pytest.fail("the child hangs")
