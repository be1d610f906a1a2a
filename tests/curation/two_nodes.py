"""A Ray cluster of two nodes with a processor core each, until standard input closes. Prints its address.

    python -m tests.curation.two_nodes FOLDER
"""

from __future__ import annotations

import socket
import sys
from contextlib import ExitStack

from ray.cluster_utils import Cluster

# Ports that a node's agents would otherwise choose themselves: a node gives them 15 seconds to say which, and dies.
CHOSEN = ("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port", "runtime_env_agent_port")


def free_ports() -> dict[str, int]:
    """One of this machine's free ports for each of CHOSEN."""
    with ExitStack() as held:
        found = [held.enter_context(socket.socket()) for _ in CHOSEN]
        for one in found:
            one.bind(("", 0))
        return {name: one.getsockname()[1] for name, one in zip(CHOSEN, found, strict=True)}


if __name__ == "__main__":
    node = {"num_cpus": 1, "object_store_memory": 100_000_000, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=node | free_ports() | {"temp_dir": sys.argv[1]})
    cluster.add_node(**node, **free_ports())
    print(cluster.address, flush=True)
    sys.stdin.read()
    cluster.shutdown()
