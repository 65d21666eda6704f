"""`spert-hf evaluate --errors`, as a user meets it: output, files, exit codes."""

import json
import sys

import pytest

from spert_hf.cli.main import main
from tests.support.documents import make_records


@pytest.fixture
def arguments(tiny_checkpoint, tmp_path):
    (tmp_path / "train.json").write_text(json.dumps(make_records(4)))
    return ["evaluate", "--model", str(tiny_checkpoint), "--dataset", str(tmp_path), "--split", "train"]


def test_tables_and_examples_follow_the_scores(arguments, capsys):
    assert main([*arguments, "--errors"]) == 0
    shown = capsys.readouterr().out
    assert shown.index("REL: both spans") < shown.index("Errors in NER") < shown.index("Errors in REL+")
    assert "argument not found" in shown
    assert "expected  " in shown


def test_json_has_the_errors_where_asked_for(arguments, capsys):
    assert main([*arguments, "--json"]) == 0
    assert "errors" not in json.loads(capsys.readouterr().out)
    assert main([*arguments, "--json", "--errors"]) == 0
    content = json.loads(capsys.readouterr().out)
    kinds = content["errors"]["ner"]["kinds"].values()
    assert sum(kind["false_negatives"] for kind in kinds) == content["ner"]["micro"]["fn"] > 0
    assert 0 < len(content["errors"]["examples"]) <= 10


def test_files(arguments, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    page, plot = tmp_path / "errors.md", tmp_path / "errors.svg"
    assert main([*arguments, "--errors-markdown", str(page), "--errors-plot", str(plot)]) == 0
    shown = capsys.readouterr()
    assert "Errors in NER" not in shown.out
    assert f"written to {page}" in shown.err
    assert "| missed |" in page.read_text(encoding="utf-8")
    assert "<svg" in plot.read_text(encoding="utf-8")


def test_a_plot_that_cannot_be_written_is_refused_before_the_model_is_loaded(capsys, monkeypatch):
    arguments = ["evaluate", "--model", "no/such/model", "--dataset", "none", "--errors-plot"]
    assert main([*arguments, "errors.png"]) == 1
    assert "must be a file name that ends in .svg, got " in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main([*arguments, "errors.svg"]) == 1
    assert "spert-hf[experiments]" in capsys.readouterr().err
