import sys
from xml.etree import ElementTree

import pytest

from spert_hf.evaluation import analyse_errors, write_error_plot
from spert_hf.evaluation.error_analysis import ERROR_KINDS
from spert_hf.evaluation.svg_plots import check_plot_file
from tests.evaluation.evaluation_records import record

pytest.importorskip("matplotlib")

HOSTILE_NAME = "_a$b$<&\u202e"


def _texts(path):
    return [element.text for element in ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")]


@pytest.fixture
def analysis():
    gold = record(("P", 0, 1), ("Q", 2, 3), (HOSTILE_NAME, 4, 5), relations=(("R", 0, 1),))
    return analyse_errors([gold], [record(("Q", 0, 1), ("Q", 8, 9))])


def test_the_plot_names_every_kind_every_type_and_its_figures(analysis, tmp_path):
    texts = _texts(write_error_plot(tmp_path / "new" / "errors.svg", analysis))
    for kinds in ERROR_KINDS.values():
        assert {kind.value for kind in kinds} <= set(texts)
    for expected in ("NER: errors by type", "P", "Q", "R", "1 (25 %)", "2 (50 %)", "1 (100 %)"):
        assert expected in texts
    assert any("a$b$<&⟨U+202E⟩" in text for text in texts)


def test_the_same_errors_give_the_same_file(analysis, tmp_path):
    first, second = (write_error_plot(tmp_path / name, analysis).read_bytes() for name in ("a.svg", "b.svg"))
    assert first == second


def test_without_any_error_there_are_empty_bars(tmp_path):
    texts = _texts(write_error_plot(tmp_path / "errors.svg", analyse_errors([], [])))
    assert "0 (0 %)" in texts


def test_more_types_than_styles(tmp_path):
    gold = record(*[(f"T{index}", index, index + 1) for index in range(20)])
    texts = _texts(write_error_plot(tmp_path / "errors.svg", analyse_errors([gold], [record()])))
    assert {f"T{index}" for index in range(20)} <= set(texts)


def test_another_file_type_and_a_missing_matplotlib_are_refused(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=r"given 'errors.png', allowed a file name that ends in .svg"):
        check_plot_file("errors.png")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"pip install spert-hf\[experiments\]"):
        check_plot_file("errors.svg")
