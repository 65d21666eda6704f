"""The page of the simulation."""

from pathlib import Path

import pytest

from spert_hf.experiments.annotation.curves import gather_curves
from spert_hf.experiments.annotation.names import NAME
from spert_hf.experiments.annotation.rendering import render, write_page
from spert_hf.experiments.tables import DEFAULT_ENCODER
from tests.experiments.annotation.results import put_round

ROOT = Path(__file__).parents[3]


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


def test_the_page_of_the_package_is_that_of_its_results():
    results = ROOT / "model_cards" / "results"
    curves = gather_curves(results, DEFAULT_ENCODER)
    plot = f"{DEFAULT_ENCODER.rpartition('/')[2]}.svg"
    assert (results / NAME / "README.md").read_text(encoding="utf-8") == render(curves, DEFAULT_ENCODER, plot)
