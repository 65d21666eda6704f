"""Which texts are suggested: the budget, chance, near-duplicates, and what the strategies prefer."""

import random
import weakref
from collections import Counter

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import spert_hf
from spert_hf.annotation import suggestion
from spert_hf.annotation.near_duplicates import are_near_duplicates, words_of
from spert_hf.annotation.strategies import STRATEGIES
from spert_hf.annotation.suggestion import Doubt, choose, draw_sample, select, suggest
from spert_hf.annotation.uncertainty import TextScores, score_texts
from tests.support.tiny_models import SENTENCES

WORDS = sorted({word for words in SENTENCES for word in words})


@pytest.fixture(scope="module")
def pipe(tiny_checkpoint):
    return spert_hf.load(tiny_checkpoint)


@pytest.fixture(scope="module")
def pool():
    draw = random.Random(7)
    texts = [" ".join(draw.choices(WORDS, k=draw.randint(4, 14))) for _ in range(40)]
    return [*texts, *texts[:5], *(f"{text} !" for text in texts[:5])]


def scored_pool(doubts, vectors=None, words=None):
    """Texts with given doubts, each of words of its own."""
    for number, doubt in enumerate(doubts):
        vector = torch.tensor([1.0, 0.0]) if vectors is None else torch.tensor(vectors[number])
        text = f"own{chr(97 + number)} word{chr(97 + number)}" if words is None else words[number]
        yield {"text": text}, TextScores(doubt, 0.0, 10, vector)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_budget_is_kept_the_seed_decides_and_nothing_comes_twice(pipe, pool, strategy):
    chosen = suggest(pipe, pool, 8, strategy, seed=3)
    assert len(chosen) == len({one.position for one in chosen}) == 8
    assert all(0 <= one.position < len(pool) for one in chosen)
    assert chosen == suggest(pipe, (text for text in pool), 8, strategy, seed=3)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_near_duplicates_are_left_out_even_where_the_budget_is_not_used_up(pipe, pool, strategy):
    chosen = suggest(pipe, pool, len(pool), strategy)
    words = [words_of({"text": pool[one.position]}) for one in chosen]
    assert len(chosen) == 40
    for place, one in enumerate(words):
        assert not any(are_near_duplicates(one, other) for other in words[:place])


def test_uncertainty_gives_the_least_sure_first(pipe, pool):
    scores = [one.entities + one.relations for _, one in score_texts(pipe, [{"text": text} for text in pool])]
    chosen = suggest(pipe, pool[:40], 40, "uncertainty")
    assert [one.score for one in chosen] == pytest.approx(sorted(scores[:40], reverse=True), rel=1e-4)
    assert all(one.score == pytest.approx(scores[one.position], rel=1e-4) for one in chosen)


@settings(max_examples=20)
@given(doubts=st.lists(st.integers(0, 5), min_size=1, max_size=20), budget=st.integers(1, 25))
def test_uncertainty_is_a_sort_of_the_pool(doubts, budget):
    chosen = select(scored_pool(map(float, doubts)), budget, "uncertainty")
    expected = sorted(range(len(doubts)), key=lambda place: (-doubts[place], place))
    assert [one.index for one in chosen] == expected[:budget]


def test_both_takes_the_least_sure_of_each_group():
    vectors = [[1.0, 0.0], [1.0, 0.1], [1.0, 0.05], [0.0, 1.0], [0.1, 1.0]]
    chosen = select(scored_pool([9.0, 8.0, 7.0, 1.0, 2.0], vectors), 2, "both")
    assert [one.index for one in chosen] == [0, 4]


def test_diversity_takes_the_text_in_the_middle_of_each_group():
    vectors = [[1.0, 0.0], [1.0, 0.1], [1.0, 0.22], [0.0, 1.0], [0.1, 1.0], [0.22, 1.0]]
    chosen = select(scored_pool([9.0, 0.0, 9.0, 9.0, 0.0, 9.0], vectors), 2, "diversity")
    assert {one.index for one in chosen} == {1, 4}


def test_both_has_only_unsure_texts_in_its_groups(monkeypatch):
    monkeypatch.setattr(suggestion, "CANDIDATES_PER_TEXT", 2)
    vectors = [[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]]
    chosen = select(scored_pool([5.0, 4.0, 3.0, 2.0, 1.0], vectors), 2, "both")
    assert {one.index for one in chosen} <= {0, 1, 2, 3}
    assert 0 in {one.index for one in chosen}


@pytest.mark.parametrize(
    ("doubt", "expected"),
    [(Doubt(), 7.0), (Doubt(relations=0.0), 4.0), (Doubt(spans=0.0), 3.0), (Doubt(per_word=1.0), 0.7)],
)
def test_a_score_is_made_as_it_is_asked_for(doubt, expected):
    assert doubt(TextScores(4.0, 3.0, 10, torch.zeros(1))) == pytest.approx(expected)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_texts_of_nothing_are_never_chosen(pipe, strategy):
    chosen = suggest(pipe, ["", " \t", "It rained .", "\u00a0", "IT rained !", "\N{ROCKET}"], 9, strategy)
    assert sorted(one.position for one in chosen) == [2, 5]


def test_any_text_is_as_likely_as_any_other_by_chance():
    met = Counter()
    for seed in range(3000):
        chosen = draw_sample(range(10), 3, random.Random(seed))
        assert len(set(chosen)) == 3
        met.update((place, item) for place, item in enumerate(chosen))
    # Each item in each place: 300 times of 3000; four standard deviations are 66.
    assert len(met) == 30
    assert all(abs(count - 300) < 66 for count in met.values())


def test_chance_asks_no_model_and_reads_a_stream_once():
    read = []
    texts = (
        {"text": "".join(chr(97 + int(digit)) for digit in str(number))}
        for number in range(1000)
        if read.append(number) is None
    )
    chosen = suggest(None, texts, 5, "random", seed=1)
    assert len(read) == 1000
    assert [one.score for one in chosen] == [None] * 5
    assert max(one.position for one in chosen) > 5


class Record(dict):
    """A record that can be referred to weakly."""

    __hash__ = object.__hash__


def test_no_more_texts_are_kept_than_candidates_and_what_is_read_ahead(pipe):
    alive, most = weakref.WeakSet(), 0

    def stream():
        nonlocal most
        for number in range(1000):
            record = Record(text=f"{WORDS[number % len(WORDS)]} {number // len(WORDS) * 'x'} left Oslo")
            alive.add(record)
            most = max(most, len(alive))
            yield record

    choose(pipe, stream(), 2, "both", batch_size=4)
    assert 64 <= most < 300


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"budget": 0}, "budget must be an integer of 1 or more, got 0"),
        ({"budget": True}, "budget must be an integer of 1 or more, got True"),
        ({"budget": 5, "seed": -1}, "seed must be an integer from 0 to 4294967295, got -1"),
        ({"budget": 5, "strategy": "random", "seed": 1.5}, "seed must be an integer from 0 to 4294967295, got 1.5"),
        ({"budget": 5, "strategy": "best"}, "strategy must be"),
    ],
)
def test_wrong_arguments_are_named_before_anything_is_read(arguments, message):
    with pytest.raises(ValueError) as error:
        suggest(None, iter(()), **arguments)
    assert message in str(error.value)


def test_what_to_install_is_said_before_anything_is_read(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sklearn.cluster", None)
    with pytest.raises(ValueError, match=r"strategy 'both' needs the package scikit-learn.*spert-hf\[annotation\]"):
        suggest(None, iter(()), 5)
    assert suggest(None, iter(()), 5, "random") == []


def test_an_empty_pool_gives_nothing(pipe):
    for strategy in STRATEGIES:
        assert suggest(pipe, [], 5, strategy) == []
    assert suggest(pipe, ["", " "], 5) == []
