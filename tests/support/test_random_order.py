"""The random order of tests: repeated by its seed, with the tests of a file together."""

from dataclasses import dataclass

from tests.support.random_order import shuffled


@dataclass(frozen=True)
class Item:
    """A collected test, as far as its order goes."""

    path: str
    name: int


ITEMS = [Item(path, number) for path in "abcdef" for number in range(5)]


def test_a_seed_gives_an_order_of_all_tests_with_those_of_a_file_together():
    order = shuffled(ITEMS, 3)
    assert order == shuffled(ITEMS, 3)
    assert order != shuffled(ITEMS, 4)
    assert set(order) == set(ITEMS)
    files = [item.path for item in order]
    assert files == sorted(files, key=files.index)
    assert files != sorted(files)
    assert [item.name for item in order if item.path == "a"] != list(range(5))
