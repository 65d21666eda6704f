"""The ratio by which tests of growth judge: no more attempts than it takes, and none too few."""

import pytest

from tests.support import growth


@pytest.fixture
def ratio(monkeypatch):
    """Measure with the seconds that are given for each attempt; return the ratio and how many are left."""

    def measure(small, large, enough):
        monkeypatch.setattr(growth, "_processor_seconds", lambda work: work())
        left = [iter(small), iter(large)]
        found = growth.time_ratio(*(lambda some=some: next(some) for some in left), enough=enough)
        return found, len(list(left[1]))

    return measure


def test_a_ratio_that_is_small_enough_is_measured_once(ratio):
    assert ratio([2.0, 1.0, 3.0], [4.0, 1.0, 1.0], enough=9) == (4.0, 2)


def test_other_work_on_the_machine_does_not_count(ratio):
    assert ratio([1.0] * 9, [20.0, 15.0, 4.0], enough=9) == (4.0, 0)


def test_a_machine_that_has_become_slower_does_not_count(ratio):
    assert ratio([1.0] * 3 + [3.0] * 3, [12.0, 12.0], enough=9) == (4.0, 0)


def test_a_ratio_that_stays_too_large_is_seen(ratio):
    assert ratio([1.0] * 15, [16.0, 17.0, 15.0, 18.0, 16.0], enough=9) == (15.0, 0)
