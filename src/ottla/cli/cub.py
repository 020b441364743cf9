"""`cub`, the utility of Confluent's images up to 7: `kafka-ready`, with its options; what else it does is not here."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ottla.cli.kafka_ready import Wish, wait_for_brokers
from ottla.cli.tools import NO_ZOOKEEPER, NOT_YET

_OTHERS = {
    "zk-ready": f"ZooKeeper {NO_ZOOKEEPER}",
    **{
        action: f"cub {action} {NOT_YET}"
        for action in (
            "sr-ready",
            "kr-ready",
            "listeners",
            "ensure-topic",
            "connect-ready",
            "ksql-server-ready",
            "control-center-ready",
        )
    },
}
"""The other actions, and what is said of them."""


def main(arguments: Sequence[str]) -> int:
    """Wait for the brokers; return 0 when they are there. Exits with 2 for arguments that cannot be, as argparse."""
    parser = argparse.ArgumentParser("cub", description="Waits for brokers, as Confluent's images do.")
    actions = parser.add_subparsers(dest="action")
    ready = actions.add_parser("kafka-ready", help="wait until there are enough brokers")
    ready.add_argument("expected_brokers", type=int, help="how many brokers there have to be")
    ready.add_argument("timeout", type=int, help="how long to wait, in seconds")
    where = ready.add_mutually_exclusive_group(required=True)
    where.add_argument("-b", "--bootstrap_broker_list", help="host:port of brokers, with commas between")
    where.add_argument("-z", "--zookeeper_connect", help="refused: Kafka 4 has no ZooKeeper")
    ready.add_argument("-c", "--config", help="a properties file with settings of the client")
    ready.add_argument("-s", "--security-protocol", help="PLAINTEXT; any other needs --config")
    if not arguments:
        parser.print_help()
        return 1
    if arguments[0] in _OTHERS:
        print(_OTHERS[arguments[0]], file=sys.stderr)
        return 1
    options = parser.parse_args(list(arguments))
    is_ready = wait_for_brokers(
        Wish(
            options.expected_brokers,
            options.timeout,
            options.bootstrap_broker_list,
            options.config,
            options.security_protocol,
            options.zookeeper_connect,
        )
    )
    return 0 if is_ready else 1
