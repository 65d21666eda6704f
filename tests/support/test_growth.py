"""The exponent by which tests of growth judge: no more attempts than it takes, and none too few."""

import pytest

from tests.support import growth


@pytest.fixture
def exponent(monkeypatch):
    """Measure with the seconds that are given for each attempt; return the exponent and how many are left."""

    def measure(small, large):
        monkeypatch.setattr(growth, "_processor_seconds", lambda work: work())
        left = {1: iter(small), growth.TIMES: iter(large)}
        found = growth.exponent(lambda size: lambda: next(left[size]), largest=growth.TIMES)
        return found, len(list(left[growth.TIMES]))

    return measure


def test_an_exponent_that_is_small_enough_is_measured_once(exponent):
    assert exponent([2.0, 1.0, 3.0], [16.0, 1.0, 1.0]) == (1, 2)


def test_other_work_on_the_machine_does_not_count(exponent):
    assert exponent([1.0] * 9, [200.0, 65.0, 16.0]) == (1, 0)


def test_a_machine_that_has_become_slower_does_not_count(exponent):
    assert exponent([1.0] * 3 + [8.0] * 3, [128.0, 128.0]) == (1, 0)


def test_an_exponent_that_stays_too_large_is_seen(exponent):
    assert exponent([1.0] * 15, [256.0, 257.0, 400.0, 258.0, 256.0]) == (2, 0)


@pytest.mark.e2e
def test_work_by_the_square_is_told_from_work_in_proportion():
    def proportional(size):
        return lambda: sum(at % 7 for at in range(size * 100))

    def by_the_square(size):
        return lambda: sum(at % 7 for at in range(size * size // 10))

    assert growth.exponent(proportional, largest=4_000) < growth.BELOW_THE_SQUARE
    assert growth.exponent(by_the_square, largest=4_000) > growth.BELOW_THE_SQUARE
