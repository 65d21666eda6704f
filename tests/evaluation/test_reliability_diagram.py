from xml.etree import ElementTree

import pytest

from spert_hf.evaluation.reliability import reliability
from spert_hf.evaluation.reliability_diagram import write_reliability_diagram

pytest.importorskip("matplotlib")

SCORES = [0.05, 0.45, 0.62, 0.7, 0.93, 0.97, 0.99]
RIGHT = [False, True, False, False, True, True, True]


def texts(path):
    return [element.text for element in ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")]


@pytest.fixture
def measured():
    before, after = reliability(SCORES, RIGHT), reliability([score**2 for score in SCORES], RIGHT)
    return [{"entities": part, "relations": reliability(SCORES[:3], RIGHT[:3])} for part in (before, after)]


def test_both_panels_have_their_errors_and_counts(measured, tmp_path):
    shown = texts(write_reliability_diagram(tmp_path / "new" / "diagram.svg", *measured, "On the test split"))
    assert {"On the test split", "Entities: 7 found", "Relations: 3 found"} <= set(shown)
    for when, part in zip(("before", "after"), measured, strict=True):
        for reliable in part.values():
            assert f"{when}: ECE {reliable.expected_calibration_error:.1f} %" in shown
    assert "3" in shown  # entities in the last bin


def test_the_same_figures_give_the_same_file(measured, tmp_path):
    first, second = (
        write_reliability_diagram(tmp_path / name, *measured, "x").read_bytes() for name in ("a.svg", "b.svg")
    )
    assert first == second


def test_nothing_found(tmp_path):
    nothing = {"entities": reliability([], []), "relations": reliability([], [])}
    assert "before: nothing found" in texts(write_reliability_diagram(tmp_path / "a.svg", nothing, nothing, "x"))


def test_another_kind_of_file_is_refused(measured, tmp_path):
    with pytest.raises(ValueError, match=r"ends in \.svg"):
        write_reliability_diagram(tmp_path / "a.png", *measured, "x")
