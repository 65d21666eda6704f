"""The benchmark's own tools; none of these tests asserts how long anything takes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.benchmarks.growth import exponents, fit_exponent
from tests.benchmarks.peak_memory import is_available
from tests.benchmarks.report import Figure, Group, Report, Section, at_least, at_most
from tests.benchmarks.timing import Measurement, interleave

ROOT = Path(__file__).parents[2]


def test_contenders_take_turns_and_the_first_round_does_not_count():
    order = []
    seconds = interleave({name: lambda name=name: order.append(name) for name in "abc"}, repeats=3)
    assert "".join(order) == "abc" + "abc" + "bca" + "cab"
    assert {name: len(measured.values) for name, measured in seconds.items()} == {"a": 3, "b": 3, "c": 3}


def test_ratios_are_taken_round_by_round():
    slow_round = 10.0
    mine, theirs = Measurement((2.0, 2.0 * slow_round, 2.0)), Measurement((1.0, 1.0 * slow_round, 1.0))
    assert mine.over(theirs).values == (2.0, 2.0, 2.0)
    assert mine.over(theirs).spread == (2.0, 2.0)


def test_spread_is_that_of_the_quartiles():
    assert Measurement((1.0, 2.0, 3.0, 4.0, 100.0)).spread == (2.0, 4.0)
    assert Measurement((1.0, 2.0, 3.0)).spread == (1.0, 3.0)
    assert Measurement((5.0,)).spread == (5.0, 5.0)


@given(st.floats(-1, 4), st.floats(0.001, 1000))
def test_exponent_of_a_known_curve(exponent, factor):
    sizes = [64, 128, 256, 512]
    assert fit_exponent(sizes, [factor * size**exponent for size in sizes]) == pytest.approx(exponent, abs=1e-6)


def test_each_round_has_an_exponent_of_its_own():
    times = {size: Measurement((size**1.0, size**2.0)) for size in (10, 20, 40)}
    assert exponents(times).values == pytest.approx((1.0, 2.0))


@pytest.mark.skipif(not is_available(), reason="takes Linux's count of peak memory")
def test_peak_growth_sees_memory_that_was_given_back():
    # In a process of its own: one that has trained keeps the memory it frees, and then takes none anew.
    growth = """
from tests.benchmarks.peak_memory import peak_growth
print(peak_growth(lambda: bytearray(b"x" * 64_000_000)), peak_growth(lambda: None))
"""
    done = subprocess.run([sys.executable, "-c", growth], cwd=ROOT, capture_output=True, text=True, check=True)
    size, (seen, none) = 64_000_000, map(int, done.stdout.split())
    assert size * 0.9 < seen < size * 4
    assert none < size / 4


@pytest.fixture
def report():
    figures = [
        Figure("end-to-end", Measurement((1.25, 1.0, 1.05)), target=at_most(1.1)),
        Figure("over reference", Measurement((4.0,)), "×", at_least(5)),
        Figure("pipeline", Measurement((140.2, 150.0)), "/s"),
    ]
    return Report({"threads": 2}, [Section("inference", "what it is", ["a note"], [Group("batch 8", figures)])])


def test_the_page_shows_medians_spreads_and_targets(report):
    page = report.to_text()
    assert "threads 2" in page
    assert "INFERENCE: what it is" in page
    assert "a note" in page
    assert "end-to-end 1.05 [1.00–1.25] ✓≤ 1.1" in page
    assert "over reference 4.00 × ✗≥ 5" in page
    assert "pipeline 145 [140–150] /s" in page
    assert page.splitlines()[-1].startswith("targets met: 1 of 2")


def test_json_has_every_round(report):
    record = json.loads(json.dumps(report.to_json()))
    figure = record["sections"][0]["groups"][0]["figures"][0]
    assert figure["rounds"] == [1.25, 1.0, 1.05]
    assert (figure["median"], figure["target"], figure["met"]) == (1.05, "≤ 1.1", True)
