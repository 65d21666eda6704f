"""Actors fit into a cluster, whatever it is made of."""

import pytest

from spert_hf.scale.actor_plan import ActorPlan, Node, count_fitting, plan_actors


@pytest.mark.parametrize(
    ("nodes", "actors", "gpus", "expected"),
    [
        ([Node(2)], None, 0, ActorPlan(1, 2)),
        ([Node(2)], 2, 0, ActorPlan(2, 1)),
        ([Node(64)], None, 0, ActorPlan(16, 4)),
        ([Node(6), Node(3)], None, 0, ActorPlan(3, 3)),
        ([Node(3), Node(3)], 3, 0, ActorPlan(3, 1)),  # with two CPUs each only two would fit
        ([Node(0), Node(8)], 1, 0, ActorPlan(1, 8)),
        ([Node(2)], 5, 0, ActorPlan(5, 1)),  # some wait for the cluster to grow
        ([Node(8, 2), Node(8, 1), Node(4)], None, 1, ActorPlan(3, 1, 1)),
        ([Node(8, 1)], None, 1 / 3, ActorPlan(3, 1, 1 / 3)),
        ([Node(2, 4)], None, 1, ActorPlan(2, 1, 1)),  # no more than there are CPUs
        ([Node(8)], None, 1, ActorPlan(1, 1, 1)),
        ([], None, 0, ActorPlan(1, 1)),
    ],
)
def test_what_actors_get(nodes, actors, gpus, expected):
    assert plan_actors(nodes, actors, gpus) == expected


def test_what_fits():
    assert count_fitting([Node(7, 1), Node(2, 8), Node(1)], 2) == 4
    assert count_fitting([Node(7, 1), Node(2, 8), Node(1)], 1, 0.5) == 4
