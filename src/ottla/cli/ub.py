"""`ub`, the utility of Confluent's images from 8 on: `kafka-ready`, with its options; what else it does is not here."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from ottla.cli.kafka_ready import Wish, wait_for_brokers
from ottla.cli.tools import NOT_YET

_ACTION = "kafka-ready"


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are worded and counted as those of the original's."""

    def error(self, message: str) -> NoReturn:
        self.exit(1, f"error in executing the command: {message}\n")


def main(arguments: Sequence[str]) -> int:
    """Wait for the brokers; return 0 when they are there. Exits with 1 for arguments that cannot be."""
    parser = _Parser(f"ub {_ACTION}", description="Waits until there are enough brokers.")
    parser.add_argument("least_brokers", metavar="min-num-brokers", type=int)
    parser.add_argument("timeout", metavar="timeout-secs", type=int)
    parser.add_argument("-b", "--bootstrap-servers", help="host:port of brokers, with commas between")
    parser.add_argument("-c", "--config", help="a properties file with settings of the client")
    parser.add_argument("-s", "--security", help="PLAINTEXT; any other needs --config")
    parser.add_argument("-z", "--zookeeper-connect", help="refused: Kafka 4 has no ZooKeeper")
    if not arguments:
        return 0
    if arguments[0] in {"-h", "--help"}:
        parser.print_help()
        return 0
    if arguments[0] != _ACTION:
        print(f"ub {arguments[0]} {NOT_YET}", file=sys.stderr)
        return 1
    options = parser.parse_args(list(arguments[1:]))
    wish = Wish(
        options.least_brokers,
        options.timeout,
        options.bootstrap_servers,
        options.config,
        options.security,
        options.zookeeper_connect,
    )
    if wait_for_brokers(wish):
        return 0
    print(f"error in executing the command: {_ACTION} check failed", file=sys.stderr)
    return 1
