"""Pages and plots: they show what there is, name what is missing, and are the same for the same results."""

import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from huggingface_hub.repocard_data import model_index_to_eval_results

from spert_hf.experiments.rendering import MODEL_INDEX_FILE, PAGE_FILE, PLOTS_FOLDER, Rendering, render, stray_results
from spert_hf.experiments.running import write_result
from spert_hf.experiments.runs import plan_runs
from spert_hf.experiments.tables import FOLD, REL_PLUS, TABLES, Finding, Published, Row
from tests.experiments.small_table import SMALL, make_result, make_table, put_results

PUBLISHED = Path(__file__).parents[2] / "model_cards" / "results"
PINNED_MATPLOTLIB = "3.11."
"""Whose SVG is published; others draw the same with other numbers behind the point."""


@pytest.fixture
def table(tmp_path):
    return make_table(tmp_path / "data")


def render_one(table, results_dir, with_plots=False):
    return render(results_dir, {table.name: table}, with_plots)


def lines_of(rendering):
    return rendering.page.splitlines()


def test_the_published_page_is_what_the_results_say():
    rendering = render(PUBLISHED)
    assert (PUBLISHED / PAGE_FILE).read_text(encoding="utf-8") == rendering.page
    assert (PUBLISHED / MODEL_INDEX_FILE).read_text(encoding="utf-8") == rendering.model_index
    assert {f"{PLOTS_FOLDER}/{file.name}" for file in PUBLISHED.glob(f"{PLOTS_FOLDER}/*")} == set(rendering.plots)
    assert stray_results(PUBLISHED) == []


def test_the_published_plots_are_what_the_results_say():
    matplotlib = pytest.importorskip("matplotlib")
    if not matplotlib.__version__.startswith(PINNED_MATPLOTLIB):
        pytest.skip(f"the published plots are drawn with Matplotlib {PINNED_MATPLOTLIB}")
    for name, plot in render(PUBLISHED).plots.items():
        assert (PUBLISHED / name).read_text(encoding="utf-8") == plot, name


def test_means_deviations_and_missing_runs(table, tmp_path):
    put_results(table, tmp_path, {"max": [40.0, 50.0]})
    lines = lines_of(render_one(table, tmp_path))
    assert "| max | 45.00 ± 7.07 | 45.00 ± 7.07 | 2 of 2 | 45.0 |" in lines
    assert "| mean | – | – | 0 of 2 | – |" in lines


def test_one_run_has_no_deviation(table, tmp_path):
    put_results(table, tmp_path, {"mean": [40.0]})
    assert "| mean | 40.00 | 40.00 | 1 of 2 | 40.0 |" in lines_of(render_one(table, tmp_path))


@pytest.mark.parametrize("changes", [{"resumed_at_step": 7}, {"seconds": None}], ids=["interrupted", "paused"])
def test_minutes_are_those_of_runs_that_went_through(table, tmp_path, changes):
    put_results(table, tmp_path, {"max": [40.0, 50.0]})
    second = plan_runs(table, table.rows[0], "some/encoder")[1]
    write_result(second.result_file(tmp_path), make_result(second, 50.0) | changes)
    assert "| max | 45.00 ± 7.07 | 45.00 ± 7.07 | 2 of 2 | 40.0 |" in lines_of(render_one(table, tmp_path))


def test_settings_that_hold_for_all_rows_are_named(table, tmp_path):
    put_results(table, tmp_path, {"max": [40.0]})
    page = render_one(table, tmp_path).page
    assert "`num_train_epochs` 2, `learning_rate` 0.001, otherwise the paper's settings." in page
    assert str(tmp_path) not in page


def test_published_figures_stand_beside_runs_with_their_encoder(table, tmp_path):
    published = Published("elsewhere", "one run", "some/encoder", {"ner.micro.f1": 12.345})
    table = replace(table, published=(published,))
    for encoder in ("some/encoder", "another/encoder"):
        put_results(table, tmp_path, {"max": [40.0]}, encoder)
    page = render_one(table, tmp_path).page
    other, same = page.index("## Small: encoder"), page.rindex("## Small: encoder")
    assert page.count("| *elsewhere* | *12.35* | – |  |  |") == 1
    assert other < same < page.index("| *elsewhere*")  # encoders by name, "another" first
    assert "*elsewhere*: one run." in page


def test_figures_of_test_splits_are_metadata(table, tmp_path):
    """Read back by the Hub's own client; figures of dev, and what was not measured, are absent."""
    on_test = replace(table, name="on-test", dataset="conll04", split="test", settings={**SMALL, "train_on_dev": True})
    for one in (table, on_test):
        put_results(one, tmp_path, {"max": [40.0, 50.0]})
    index = yaml.safe_load(render(tmp_path, {"small": table, "on-test": on_test}, with_plots=False).model_index)
    name, results = model_index_to_eval_results(index["model-index"])
    assert name == "SpERT over encoder: Small, max"
    assert {(one.metric_name, one.metric_value) for one in results} == {
        ("NER micro F1 (%), mean over seeds", 45.0),
        ("REL+ micro F1 (%), mean over seeds", 45.0),
    }
    assert {(one.dataset_type, one.dataset_split) for one in results} == {("conll04", "test")}
    assert results[0].metric_args == {"average": "micro", "runs": 2, "standard_deviation": 7.07}


def test_tables_without_runs_are_left_out(table, tmp_path):
    rendering = render_one(table, tmp_path, with_plots=True)
    assert "There are no runs yet." in rendering.page
    assert rendering.plots == {}


def test_analyses_are_shown(table, tmp_path):
    put_results(table, tmp_path, {"max": [40.0, 50.0], "mean": [30.0]})
    lines = lines_of(render_one(table, tmp_path))
    assert "| REL+ F1 by length | 1–20 tokens (4 sentences) |" in lines
    assert "| mean | 30.00 |" in lines
    by_threshold = lines_of(render_one(replace(table, analysis="thresholds"), tmp_path))
    assert "| 0.30 | 45.00 ± 7.07 | 45.00 ± 7.07 | 45.00 ± 7.07 |" in by_threshold
    assert any("gives a REL+ F1 of 45.00 ± 7.07; the best is 45.00 ± 7.07, at 0.30." in line for line in by_threshold)


@pytest.mark.parametrize("bf16", [False, True])
def test_analyses_tell_another_precision_than_that_of_the_scores(table, tmp_path, bf16):
    table = replace(table, settings=table.settings | {"bf16": bf16})
    put_results(table, tmp_path, {"max": [40.0]})
    told = "The following was computed with the saved models in float32, the scores above in bfloat16."
    assert (told in lines_of(render_one(table, tmp_path))) == bf16


@pytest.mark.parametrize(
    ("scores", "verdict"),
    [
        ({"max": [60.0, 62.0], "mean": [50.0, 51.0]}, "this holds: REL+ micro 61.00 (max) against 50.50 (mean)"),
        ({"max": [60.0, 62.0], "mean": [61.0, 62.0]}, "this is open: REL+ micro 61.00 (max) against 61.50 (mean)"),
        ({"max": [60.0, 61.0], "mean": [70.0, 72.0]}, "this does not hold: REL+ micro 60.50 (max) against 71.00"),
    ],
)
def test_whether_the_finding_holds_is_said(table, tmp_path, scores, verdict):
    table = replace(table, finding=Finding("The paper takes the maximum.", ("max",), REL_PLUS))
    put_results(table, tmp_path, scores)
    page = render_one(table, tmp_path).page
    assert f"**The paper takes the maximum.** Here {verdict}" in page
    assert "standard deviations of up to 1.41" in page


def test_nothing_is_said_of_a_finding_while_runs_are_missing(table, tmp_path):
    table = replace(table, finding=Finding("The paper takes the maximum.", ("max",), REL_PLUS))
    put_results(table, tmp_path, {"max": [60.0, 62.0], "mean": [50.0]})
    assert "The paper takes" not in render_one(table, tmp_path).page


@pytest.mark.parametrize("sum_scores", [[], [90.0, 99.0]])
def test_rows_that_the_paper_has_not_decide_nothing(table, tmp_path, sum_scores):
    finding = Finding("The paper takes the maximum.", ("max",), REL_PLUS, beside=("sum",))
    table = replace(table, rows=(*table.rows, Row("sum", {"span_pooling": "sum"})), finding=finding)
    put_results(table, tmp_path, {"max": [60.0, 62.0], "mean": [50.0, 51.0], "sum": sum_scores})
    page = render_one(table, tmp_path).page
    assert (
        "Here this holds: REL+ micro 61.00 (max) against 50.50 (mean), with standard deviations of up to 1.41" in page
    )


@pytest.mark.parametrize("kind", ["bars", "positions", "thresholds"])
def test_plots_are_svg_and_the_same_for_the_same_results(table, tmp_path, kind):
    pytest.importorskip("matplotlib")
    if kind == "positions":
        rows = tuple(replace(row, position=float(place)) for place, row in enumerate(table.rows))
        table = replace(table, rows=rows, axis="rows")
    if kind == "thresholds":
        table = replace(table, analysis="thresholds")
    put_results(table, tmp_path, {"max": [40.0, 50.0], "mean": [30.0]})
    [(name, plot)] = render_one(table, tmp_path, with_plots=True).plots.items()
    assert name == f"{PLOTS_FOLDER}/small-encoder.svg"
    texts = {text.text for text in ElementTree.fromstring(plot).iter("{http://www.w3.org/2000/svg}text")}
    assert texts >= {"bars": {"max", "mean"}, "positions": {"rows", "NER micro F1"}, "thresholds": {"REL+ F1"}}[kind]
    assert render_one(table, tmp_path, with_plots=True).plots == {name: plot}
    put_results(table, tmp_path, {"max": [41.0]})
    assert render_one(table, tmp_path, with_plots=True).plots != {name: plot}


def test_a_page_without_plots_links_to_none(table, tmp_path):
    put_results(table, tmp_path, {"max": [40.0]})
    assert "![" not in render_one(table, tmp_path).page
    Rendering("page", {f"{PLOTS_FOLDER}/old.svg": "<svg/>"}, "").write(tmp_path)
    render_one(table, tmp_path).write(tmp_path)
    assert list((tmp_path / PLOTS_FOLDER).iterdir()) == []


def test_results_that_no_table_shows_are_found(table, tmp_path):
    put_results(table, tmp_path, {"max": [40.0], "mean": [40.0]})
    fewer = replace(table, rows=table.rows[:1])
    [stray] = stray_results(tmp_path, {table.name: fewer})
    assert "data-dev-encoder" in str(stray)
    assert stray_results(tmp_path, {table.name: table}) == []


def test_every_table_renders(tmp_path):
    pytest.importorskip("matplotlib")
    for table in TABLES.values():
        put_results(table, tmp_path, {row.label: [50.0, 60.0] for row in table.rows}, encoder="some/encoder")
    rendering = render(tmp_path)
    assert rendering.page.count("\n## ") == len(TABLES) == len(rendering.plots)


def test_folds_are_called_folds(table, tmp_path):
    table = replace(table, rows=(Row("a", {"dataset_config_name": FOLD}),))
    put_results(table, tmp_path, {"a": [40.0]})
    assert "evaluated on dev, folds 1, 2;" in render_one(table, tmp_path).page
