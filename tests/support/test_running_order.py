"""What takes long is begun first."""

from tests.support.running_order import FIRST, TESTS, slow_first
from tests.support.test_tiers import Item


def test_what_takes_long_comes_first():
    quick, slow, hub, training = (
        Item(TESTS / "data"),
        Item(TESTS / "model", "e2e"),
        Item(TESTS / "hub"),
        Item(TESTS / "training"),
    )
    items = [quick, slow, hub, training]
    slow_first(items)
    assert items == [training, hub, slow, quick]


def test_what_is_named_is_there():
    assert all((TESTS / place).exists() for place in FIRST)
