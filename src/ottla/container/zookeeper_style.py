"""An environment for a broker with ZooKeeper, turned into one for a node that is broker and controller at once.

Kafka 4 has no ZooKeeper mode, and a tutorial of the years before is to work all the same: the broker keeps its id,
its listeners and its addresses, gets a controller on the loopback interface beside them, and asks no ZooKeeper
anything, whether there is one or not. The broker says once that it does so, since `zookeeper.connect` stays among the
options.
"""

from __future__ import annotations

from collections.abc import Mapping

from ottla.container.listener_texts import bound_everywhere, listener_names, listener_ports

CONTROLLER_PORTS = range(9093, 9193)
"""Where the controller listens: the first of these that no listener has. A node with so many listeners is none."""

DEFAULT_NODE_ID = "1"
GENERATED_BROKER_ID = "-1"
"""What asked ZooKeeper for an id."""

ZOOKEEPER_CONNECT = "zookeeper.connect"


def is_zookeeper_style(properties: Mapping[str, str]) -> bool:
    """Tell whether options name a ZooKeeper and no roles."""
    return (
        bool(properties.get(ZOOKEEPER_CONNECT, "").strip())
        and not properties.get("process.roles", "").strip()
    )


def as_combined_node(properties: Mapping[str, str]) -> dict[str, str]:
    """Return the options of a single node that stands in for a broker with ZooKeeper."""
    node_id = properties.get("broker.id", "").strip()
    if not node_id or node_id == GENERATED_BROKER_ID:
        node_id = DEFAULT_NODE_ID
    advertised = properties.get("advertised.listeners", "").strip()
    listeners = properties.get("listeners", "").strip()
    if not listeners:
        listeners = bound_everywhere(advertised) if advertised else "PLAINTEXT://:9092"
    protocols = properties.get("listener.security.protocol.map", "").strip()
    mapped = (entry.partition(":")[0].strip() for entry in protocols.split(","))
    name = _unused_name({*listener_names(listeners), *mapped})
    taken = listener_ports(listeners)
    port = next(port for port in CONTROLLER_PORTS if port not in taken)
    combined = {
        **properties,
        "process.roles": "broker,controller",
        "node.id": node_id,
        "broker.id": node_id,
        "controller.listener.names": name,
        "controller.quorum.voters": f"{node_id}@localhost:{port}",
        "listeners": f"{listeners},{name}://localhost:{port}",
    }
    if protocols:
        combined["listener.security.protocol.map"] = f"{protocols},{name}:PLAINTEXT"
    return combined


def _unused_name(taken: set[str]) -> str:
    name = "CONTROLLER"
    while name in {each.upper() for each in taken}:
        name += "_"
    return name
