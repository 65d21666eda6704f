"""What shares slow things is run by one worker, and what takes long is begun first."""

from tests.support.test_tiers import Item
from tests.support.worker_groups import FIRST, TESTS, group_of, group_tests


def test_files_stay_together_and_so_do_folders_that_share_much():
    assert group_of(TESTS / "browser" / "test_static_space.py") == "browser/test_static_space.py"
    assert group_of(TESTS / "browser" / "test_view.py") == "browser"
    assert group_of(TESTS / "hub" / "browser" / "test_rules.py") == "hub"
    assert group_of(TESTS / "model" / "test_words.py") == "model/test_words.py"
    assert all((TESTS / group).exists() for group in FIRST)


def test_what_takes_long_comes_first():
    quick, slow, first = Item(TESTS / "data"), Item(TESTS / "model", "e2e"), Item(TESTS / "hub")
    items = [quick, slow, first]
    group_tests(items)
    assert items == [first, slow, quick]
    assert [mark.args for item in items for mark in item.marks[-1:]] == [
        ("hub",),
        ("model/test_x.py",),
        ("data/test_x.py",),
    ]
