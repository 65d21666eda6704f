"""Curves of the simulation: where one reaches a height, and which seeds are compared."""

import pytest

from spert_hf.experiments.annotation.curves import compare, crossing, gather_curves, of_chance
from tests.experiments.annotation.results import put_round


@pytest.mark.parametrize(
    ("target", "expected"), [(10.0, 50.0), (30.0, 50.0), (40.0, 75.0), (50.0, 100.0), (55.0, 150.0), (61.0, None)]
)
def test_a_height_is_read_off_straight_lines(target, expected):
    assert crossing([(50, 30.0), (100, 50.0), (150, 55.0), (200, 60.0)], target) == expected


def test_a_strategy_is_compared_with_chance_on_the_seeds_that_both_have(tmp_path):
    for seed, height in ((42, 60.0), (43, 70.0)):
        put_round(tmp_path, None, seed, 50, 30.0)
        put_round(tmp_path, "random", seed, 400, height)
    for size, height in ((100, 50.0), (150, 58.0), (200, 62.0)):
        put_round(tmp_path, "both", 42, size, height)
    curves = {curve.strategy.label: curve for curve in gather_curves(tmp_path, "some/encoder")}
    saving = compare(curves["both"], of_chance(list(curves.values())))
    assert (saving.seeds, saving.target, saving.sentences, saving.reached) == ((42,), 60.0, 175.0, (200, 62.0))
    assert curves["both"].scores(50) == [30.0, 30.0]


def test_without_the_end_of_chance_nothing_is_compared(tmp_path):
    put_round(tmp_path, "random", 42, 100, 40.0)
    put_round(tmp_path, "both", 42, 100, 50.0)
    chance, both = gather_curves(tmp_path, "some/encoder")
    assert compare(both, chance) is None


def test_a_result_of_another_round_is_refused(tmp_path):
    file = put_round(tmp_path, "random", 42, 100, 40.0)
    file.rename(file.with_name(file.name.replace("100", "150")))
    with pytest.raises(ValueError, match="is not of annotation: random, seed 42, 150 sentences"):
        gather_curves(tmp_path, "some/encoder")
