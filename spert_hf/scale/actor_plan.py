"""How many actors fit into a cluster, and what each gets of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_CPUS_OF_AN_ACTOR = 4
"""By default at most: more actors need more memory, as each has a model; fewer wait for Python."""

_ROUNDING = 1e-6
"""Three actors with a third of a GPU each fit on one."""


@dataclass(frozen=True, slots=True)
class Node:
    """A machine of a cluster: its CPUs and GPUs that Ray may use."""

    cpus: float
    gpus: float = 0.0


@dataclass(frozen=True, slots=True)
class ActorPlan:
    """How many actors there are, and what each gets."""

    actors: int
    cpus: int
    gpus: float = 0.0


def plan_actors(nodes: Sequence[Node], actors: int | None = None, gpus_per_actor: float = 0.0) -> ActorPlan:
    """Plan the actors for a cluster. They get as many CPUs as let all of them fit, at least one; with GPUs, one.

    Args:
        nodes: The machines.
        actors: How many there are to be; default: with GPUs, as many as fit; else one for every four CPUs of a machine.
        gpus_per_actor: The share of a GPU that each gets.
    """
    if gpus_per_actor:
        return ActorPlan(actors or max(1, count_fitting(nodes, 1, gpus_per_actor)), 1, gpus_per_actor)
    if actors is None:
        actors = max(1, sum(-(-int(node.cpus) // _CPUS_OF_AN_ACTOR) for node in nodes))
    cpus = max((int(node.cpus) for node in nodes), default=1)
    while cpus > 1 and count_fitting(nodes, cpus) < actors:
        cpus -= 1
    return ActorPlan(actors, max(1, cpus))


def count_fitting(nodes: Sequence[Node], cpus: int, gpus: float = 0.0) -> int:
    """How many actors with so many CPUs and GPUs fit."""
    count = 0
    for node in nodes:
        fitting = int(node.cpus // cpus)
        count += min(fitting, int(node.gpus / gpus + _ROUNDING)) if gpus else fitting
    return count
