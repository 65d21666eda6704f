"""Wall time of several contenders, taken turn by turn so that the machine's noise hits all of them alike."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from statistics import median, quantiles
from time import perf_counter
from typing import TypeVar


@dataclass(frozen=True)
class Measurement:
    """Repeated measurements of one figure.

    Args:
        values: one a round, in the order of the rounds.
    """

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.values)

    @property
    def spread(self) -> tuple[float, float]:
        """First and third quartile; of fewer than four values, the least and the greatest."""
        if len(self.values) < 4:
            return min(self.values), max(self.values)
        first, _, third = quantiles(self.values, n=4, method="inclusive")
        return first, third

    def over(self, other: "Measurement") -> "Measurement":
        """The figure as a multiple of another one, round by round: what slows a whole round down cancels out."""
        return Measurement(tuple(mine / theirs for mine, theirs in zip(self.values, other.values, strict=True)))

    def minus(self, other: "Measurement") -> "Measurement":
        """The difference to another figure, round by round."""
        return Measurement(tuple(mine - theirs for mine, theirs in zip(self.values, other.values, strict=True)))

    def rate(self, count: float) -> "Measurement":
        """How many of `count` things were done in a second, these being the seconds for all of them."""
        return Measurement(tuple(count / seconds for seconds in self.values))

    def scaled(self, factor: float) -> "Measurement":
        return Measurement(tuple(value * factor for value in self.values))


Name = TypeVar("Name", bound=Hashable)


def interleave(contenders: Mapping[Name, Callable[[], object]], repeats: int) -> dict[Name, Measurement]:
    """Time all contenders in turn: A, B, C, then B, C, A, and so on, after one round that doesn't count.

    Args:
        contenders: what to run, by name.
        repeats: rounds that count.

    Returns:
        Seconds, by the contenders' names.
    """
    names = list(contenders)
    seconds: dict[Name, list[float]] = {name: [] for name in names}
    for run in contenders.values():
        run()
    for number in range(repeats):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            seconds[name].append(time_once(contenders[name]))
    return {name: Measurement(tuple(values)) for name, values in seconds.items()}


def time_once(run: Callable[[], object]) -> float:
    """Seconds of one run."""
    started = perf_counter()
    run()
    return perf_counter() - started
