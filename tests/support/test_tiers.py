"""Tests that start browsers or many processes are kept out of the default tier."""

from pathlib import Path

import pytest

from tests.support.tiers import BROWSER_TESTS, assign_tiers, tiers_of, unmarked_files

TESTS = Path(__file__).parents[1]


def test_every_file_that_starts_many_processes_is_marked():
    assert unmarked_files(TESTS) == []


def test_a_file_without_a_mark_is_found(tmp_path):
    text = "import pytest\nfrom tests.support.training_runs import RunMaker\nruns = RunMaker(folder)\n"
    (tmp_path / "test_runs.py").write_text(text)
    (tmp_path / "test_marked.py").write_text(f"{text}\npytestmark = pytest.mark.e2e\n")
    assert unmarked_files(tmp_path) == [tmp_path / "test_runs.py"]


class Item:
    """A collected test, as far as its tier goes."""

    nodeid = "test_x.py::test_x"

    def __init__(self, folder, *marks):
        self.path = folder / "test_x.py"
        self.marks = [*marks]

    def get_closest_marker(self, name):
        return name in self.marks

    def add_marker(self, name):
        self.marks.append(name)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (Item(BROWSER_TESTS), ["browser"]),
        (Item(BROWSER_TESTS, "nightly"), ["nightly"]),
        (Item(TESTS / "hub"), []),
        (Item(TESTS / "hub", "skipif", "e2e"), ["e2e"]),
    ],
)
def test_the_tier_of_a_test(item, expected):
    assign_tiers([item])
    assert tiers_of(item) == expected


def test_a_test_belongs_to_one_tier():
    with pytest.raises(pytest.UsageError, match=r"test_x: marked e2e and nightly; a test belongs to one tier"):
        assign_tiers([Item(TESTS, "nightly", "e2e")])
