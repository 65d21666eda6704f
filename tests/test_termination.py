"""SIGTERM ends a run as an exception does."""

import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from spert_hf.termination import sigterm_raises


@pytest.fixture(autouse=True)
def survive():
    """Have a signal that nothing handles fail its test, in place of ending the tests' process."""

    def fail(number, frame):
        raise AssertionError(f"signal {number} came to the handler of before")

    before = signal.signal(signal.SIGTERM, fail)
    yield
    signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


def test_what_was_begun_is_cleared_away():
    before = signal.getsignal(signal.SIGTERM)
    cleared = []
    with pytest.raises(SystemExit) as stopped, sigterm_raises():
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            cleared.append(True)
    assert (stopped.value.code, cleared) == (128 + signal.SIGTERM, [True])
    assert signal.getsignal(signal.SIGTERM) is before


def test_other_exits_keep_their_code():
    with pytest.raises(SystemExit) as stopped, sigterm_raises():
        raise SystemExit(3)
    assert stopped.value.code == 3


def test_a_handler_that_somebody_else_sets_can_be_replaced():
    with pytest.raises(SystemExit), sigterm_raises() as renew:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        renew()
        signal.raise_signal(signal.SIGTERM)


def test_other_threads_leave_signals_alone():
    before = signal.getsignal(signal.SIGTERM)

    def run():
        with sigterm_raises() as renew:
            renew()
            return signal.getsignal(signal.SIGTERM)

    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(run).result() is before
