"""The page of the simulation."""

import pytest

from spert_hf.experiments.annotation.rendering import write_page
from tests.experiments.annotation.results import put_round


@pytest.fixture
def results(tmp_path):
    for seed in (42, 43):
        put_round(tmp_path, None, seed, 50, 30.0 + seed - 42)
        put_round(tmp_path, "random", seed, 400, 60.0)
        for size, height in ((100, 50.0), (150, 58.0), (200, 62.0)):
            put_round(tmp_path, "both", seed, size, height)
    return tmp_path


def test_tables_and_plot_are_written_the_same_each_time(results):
    page = write_page(results, "some/encoder")
    text = page.read_text()
    assert "| both | 30.50 ± 0.71 | 50.00 ± 0.00 | 58.00 ± 0.00 | 62.00 ± 0.00 | – | – | – | – | 42, 43 |" in text
    assert "| both | 60.00 | 175 | 0.44 | 62.00 with 200 | 2 |" in text
    assert "| both | 200 | 30.0 | 4.0 | 2.0 |" in text
    assert "with 412 to 500 steps whatever the number of sentences" in text
    assert "![What to annotate next](encoder.svg)" in text
    plot = page.with_name("encoder.svg").read_text()
    assert "annotated sentences" in plot
    write_page(results, "some/encoder")
    assert (page.read_text(), page.with_name("encoder.svg").read_text()) == (text, plot)


def test_without_results_there_is_no_page(tmp_path):
    assert write_page(tmp_path, "some/encoder") is None
    assert not list(tmp_path.iterdir())
