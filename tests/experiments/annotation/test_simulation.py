"""The simulation: what each round trains on, what it leaves, and that it goes on where it was."""

import json
import random

import pytest

from spert_hf.data.loading import load_splits
from spert_hf.experiments.annotation import plan, simulation
from spert_hf.experiments.annotation.plan import MOST, ROUND, Round, plan_rounds
from spert_hf.experiments.annotation.simulation import Simulation
from tests.experiments.annotation.results import make_result
from tests.support.documents import make_dataset_folder
from tests.support.tiny_models import make_encoder_folder

BOTH, RANDOM = plan.STRATEGIES[1], plan.STRATEGIES[0]


@pytest.fixture
def simulated(tmp_path, monkeypatch):
    """A simulation of two sentences a round, of whom each trains for two steps."""
    for module in (plan, simulation):
        monkeypatch.setattr(module, "ROUND", 2)
    monkeypatch.setattr(plan, "STEPS", 2)
    folder = tmp_path / "data"
    folder.mkdir()
    make_dataset_folder(folder)
    encoder = make_encoder_folder("bert", tmp_path / "encoder")
    lines = []
    made = Simulation(load_splits(str(folder)), tmp_path / "results", tmp_path / "work", lines.append, threads=1)
    rounds = [Round(None, 42, 2, str(encoder)), Round(BOTH, 42, 4, str(encoder)), Round(RANDOM, 42, 4, str(encoder))]
    return made, rounds, lines


def test_rounds_are_trained_once_and_each_adds_what_the_one_before_has_chosen(simulated):
    made, rounds, lines = simulated
    made.carry_out(rounds)
    start, both, drawn = (json.loads(one.result_file(made.results_dir).read_text()) for one in rounds)
    size = len(made.splits.train)
    order = list(range(size))
    random.Random(42).shuffle(order)
    assert (start["chosen"], drawn["chosen"]) == (order[:2], order[:4])
    assert both["chosen"] == [*start["chosen"], *start["next"]["both"]]
    assert len(set(both["chosen"])) == 4
    assert both["split"] == "dev" and both["documents"]["train"] == 4
    assert both["words"] == sum(len(made.splits.train[index].tokens) for index in both["chosen"])
    assert str(made.work_dir) not in json.dumps([start, both, drawn])
    told = len(lines)
    made.carry_out(rounds)
    assert len(lines) == told
    assert not any((made.work_dir / "annotation").iterdir())


def test_a_round_that_came_too_early_says_so(simulated):
    made, rounds, _ = simulated
    with pytest.raises(ValueError, match="must come after annotation: start, seed 42, 2 sentences"):
        made.carry_out(rounds[1:2])


def test_a_start_that_lacks_a_strategy_that_came_later_is_trained_again(simulated):
    from spert_hf.experiments.running import write_result

    made, rounds, _ = simulated
    write_result(rounds[0].result_file(made.results_dir), make_result(rounds[0], 5.0, both=[1, 2]))
    assert not made.is_done(rounds[0])


def test_what_decides_comes_first_and_each_round_after_the_one_that_chooses_for_it():
    rounds = plan_rounds("some/encoder")
    assert len(rounds) == len({one.result_file(plan.Path("x")) for one in rounds})
    place = {one: number for number, one in enumerate(rounds)}
    for one in rounds:
        if one.strategy is not None and one.strategy.name != "random":
            assert place[one.before] < place[one]
    assert [one.label for one in rounds[:3]] == [
        "annotation: start, seed 42, 50 sentences",
        "annotation: random, seed 42, 400 sentences",
        "annotation: both, seed 42, 100 sentences",
    ]
    assert {one.sentences for one in rounds} == set(range(ROUND, MOST + 1, ROUND))


def test_each_round_takes_about_as_many_steps():
    for one in plan_rounds("some/encoder", [42]):
        arguments = one.arguments
        steps = arguments.num_train_epochs * -(-one.sentences // arguments.per_device_train_batch_size)
        assert abs(steps - plan.STEPS) <= 0.06 * plan.STEPS
        assert (arguments.train_on_dev, arguments.eval_split) == (False, "dev")
