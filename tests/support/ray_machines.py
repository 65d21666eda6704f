"""A Ray cluster of two machines with a CPU each, which are processes: `python -m tests.support.ray_machines`.

Writes its address; then reads `lose` and `add` from standard input, for its second machine, and answers each with a
line. The cluster ends with its input.
"""

import sys

from ray.cluster_utils import Cluster


def serve() -> None:
    """Begin the cluster, and do what is asked for."""
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    second = cluster.add_node(num_cpus=1)
    print(cluster.address, file=ANSWERS, flush=True)
    for asked in sys.stdin:
        if asked == "lose\n":
            cluster.remove_node(second, allow_graceful=False)
        else:
            second = cluster.add_node(num_cpus=1)
        print("done", file=ANSWERS, flush=True)
    cluster.shutdown()


if __name__ == "__main__":
    ANSWERS, sys.stdout = sys.stdout, sys.stderr  # Ray prints, too
    serve()
