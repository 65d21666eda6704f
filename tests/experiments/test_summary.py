"""Means and standard deviations, and the results that they are of."""

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.experiments.summary import gather_results, summarise
from spert_hf.experiments.tables import NER
from tests.experiments.small_table import make_table, put_results

PERCENTAGES = st.lists(st.floats(0, 100), min_size=2, max_size=10)


@given(PERCENTAGES)
def test_mean_and_sample_deviation_are_numpy_s(values):
    summary = summarise(values)
    assert summary.mean == pytest.approx(numpy.mean(values))
    assert summary.deviation == pytest.approx(numpy.std(values, ddof=1), abs=1e-9)
    assert summary.count == len(values)


def test_one_run_has_no_deviation():
    summary = summarise([50.0])
    assert (summary.mean, summary.deviation, summary.count) == (50.0, None, 1)


def test_rows_have_the_results_that_there_are(tmp_path):
    table = make_table(tmp_path / "data")
    put_results(table, tmp_path, {"max": [40.0, 60.0]})
    results = gather_results(table, "some/encoder", tmp_path)
    full, empty = results.rows
    assert (len(full.results), full.wanted, full.score(NER).mean) == (2, 2, 50.0)
    assert (empty.results, empty.wanted, empty.score(NER)) == ([], 2, None)
    assert [[run["f1"] for run in line] for line in full.analysis("sentence_lengths")] == [[40.0, 60.0]]
    assert not gather_results(table, "another/encoder", tmp_path).has_runs
