"""What `cub kafka-ready` and `ub kafka-ready` of Confluent's images wait for: enough brokers, or the end of the time.

The words on stderr are those of Confluent's `KafkaReadyCommand`.
"""

from __future__ import annotations

import sys
import time
from typing import NamedTuple

from ottla.cli.tools import NO_ZOOKEEPER
from ottla.client import log_lines
from ottla.client.cluster import Cluster
from ottla.client.failures import ApiError
from ottla.client.properties import ClientConfig, read_client_properties

PAUSE_S = 1.0
"""Between two questions, as there; a broker that registers later is then seen within a second."""

_COMMAND = "io.confluent.admin.utils.cli.KafkaReadyCommand"
_STATUS = "io.confluent.admin.utils.ClusterStatus"


class Wish(NamedTuple):
    """What is waited for, and how to get there."""

    least_brokers: int
    timeout_s: float
    bootstrap_servers: str | None = None
    config: str | None = None
    security_protocol: str | None = None
    zookeeper: str | None = None


def wait_for_brokers(wish: Wish) -> bool:
    """Return True once the cluster has as many brokers as wished for, False where that cannot be or time is over."""
    if wish.zookeeper is not None:
        print(f"ZooKeeper {NO_ZOOKEEPER}; name the brokers with -b", file=sys.stderr)
        return False
    if wish.config is None and (wish.security_protocol or "PLAINTEXT") != "PLAINTEXT":
        log_lines.error(_COMMAND, "config is required for all protocols except PLAINTEXT")
        return False
    if not wish.bootstrap_servers:
        log_lines.error(_COMMAND, "Bootstrap servers should be provided through config or bootstrap_servers")
        return False
    try:
        properties = {} if wish.config is None else read_client_properties(wish.config)
        config = ClientConfig.from_properties(properties, bootstrap_servers=wish.bootstrap_servers)
        with Cluster(config) as cluster:
            return _wait(cluster, wish)
    except (ApiError, OSError) as error:
        text = error.java_text() if isinstance(error, ApiError) else f"{wish.config}: {error.strerror}"
        log_lines.error(_COMMAND, f"Error while running kafka-ready.\n{text}")
        return False


def _wait(cluster: Cluster, wish: Wish) -> bool:
    deadline_s = time.monotonic() + wish.timeout_s
    found: list[str] = []
    while (remaining_s := deadline_s - time.monotonic()) > 0:
        try:
            brokers = cluster.describe_cluster(timeout_s=remaining_s).brokers
        except ApiError as error:
            log_lines.error(_STATUS, f"Error while getting broker list.\n{error.java_text()}")
        else:
            found = [_shown(broker) for broker in brokers]
            if len(found) >= wish.least_brokers:
                return True
        time.sleep(max(min(PAUSE_S, deadline_s - time.monotonic()), 0.0))
        text = f"Expected {wish.least_brokers} brokers but found only {len(found)}."
        sys.stderr.write(
            log_lines.format_line(
                "INFO", _STATUS, f"{text} Trying to query Kafka for metadata again ...", time.time()
            )
        )
    log_lines.error(
        _STATUS,
        f"Expected {wish.least_brokers} brokers but found only {len(found)}. Brokers found [{', '.join(found)}].",
    )
    return False


def _shown(broker: object) -> str:
    """Return a broker as Kafka's `Node` prints itself."""
    host, port, rack = (getattr(broker, name) for name in ("host", "port", "rack"))
    broker_id, is_fenced = (getattr(broker, name) for name in ("broker_id", "is_fenced"))
    return f"{host}:{port} (id: {broker_id} rack: {rack or 'null'} isFenced: {str(is_fenced).lower()})"
