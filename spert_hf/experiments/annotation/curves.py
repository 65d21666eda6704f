"""The results of the simulation as curves: F1 over the number of annotated sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from .plan import MOST, RANDOM, STRATEGIES, Round, Strategy, plan_rounds, read_result

_COUNTED = ("words", "entities", "relations")


@dataclass(frozen=True)
class Curve:
    """What there is of a strategy.

    Attributes:
        strategy: Which.
        results: By number of sentences and seed; those of the start are in every strategy's.
    """

    strategy: Strategy
    results: Mapping[int, Mapping[int, Mapping[str, Any]]]

    def scores(self, sentences: int) -> list[float]:
        """F1 of each seed with so many sentences."""
        return [mean_f1(result) for result in self.results.get(sentences, {}).values()]

    def means(self, seeds: Sequence[int]) -> list[tuple[int, float]]:
        """The mean over some seeds, with each number of sentences that all of them have."""
        return [
            (size, fmean(mean_f1(of_seed[seed]) for seed in seeds))
            for size, of_seed in sorted(self.results.items())
            if seeds and set(seeds) <= set(of_seed)
        ]

    def counts(self, sentences: int) -> dict[str, float]:
        """Words, entities and relations of a sentence, in the mean of so many."""
        found = self.results[sentences].values()
        return {name: fmean(result[name] for result in found) / sentences for name in _COUNTED}


@dataclass(frozen=True)
class Saving:
    """How a strategy compares with chance.

    Attributes:
        seeds: That are compared: those with which both have results.
        target: F1 of chance with the most sentences.
        sentences: With how many the strategy has that, between two rounds as a straight line goes; `None` if with none.
        reached: The best mean of the strategy, and with how many sentences.
    """

    seeds: tuple[int, ...]
    target: float
    sentences: float | None
    reached: tuple[int, float]


def mean_f1(result: Mapping[str, Any]) -> float:
    """Mean of the micro F1 of NER and of REL+, in percent."""
    return fmean(result["scores"][task]["micro"]["f1"] for task in ("ner", "rel_plus"))


def gather_curves(results_dir: Path, encoder: str) -> list[Curve]:
    """The strategies that there are results of.

    Raises:
        ValueError: Naming a result that is of another round than its name says.
    """
    found = [(one, read_result(one.result_file(results_dir), one)) for one in plan_rounds(encoder)]
    done = [(one, result) for one, result in found if result is not None]
    curves = []
    for strategy in STRATEGIES:
        own = [(one, result) for one, result in done if one.strategy == strategy]
        shared = [(one, result) for one, result in done if one.strategy is None and one.seed in strategy.seeds]
        if own:
            curves.append(Curve(strategy, _by_size([*shared, *own])))
    return curves


def _by_size(done: Sequence[tuple[Round, Mapping[str, Any]]]) -> dict[int, dict[int, Mapping[str, Any]]]:
    by_size: dict[int, dict[int, Mapping[str, Any]]] = {}
    for one, result in done:
        by_size.setdefault(one.sentences, {})[one.seed] = result
    return by_size


def compare(curve: Curve, chance: Curve) -> Saving | None:
    """Compare a strategy with chance; `None` where there is no seed with which both can be."""
    ends = chance.results.get(MOST, {})
    own = {seed for size, of_seed in curve.results.items() if size > min(curve.results) for seed in of_seed}
    seeds = tuple(sorted(set(ends) & own))
    means = curve.means(seeds)
    if not means:
        return None
    target = fmean(mean_f1(ends[seed]) for seed in seeds)
    return Saving(seeds, target, crossing(means, target), max(means, key=lambda point: point[1]))


def crossing(points: Sequence[tuple[int, float]], target: float) -> float | None:
    """Where a curve first comes to a height, on straight lines between its points; `None` if it does not."""
    before: tuple[int, float] | None = None
    for size, height in points:
        if height >= target:
            if before is None:
                return float(size)
            return before[0] + (size - before[0]) * (target - before[1]) / (height - before[1])
        before = (size, height)
    return None


def of_chance(curves: Sequence[Curve]) -> Curve | None:
    """The curve of chance, if there is one."""
    return next((curve for curve in curves if curve.strategy.name == RANDOM), None)
