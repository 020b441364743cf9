"""`kafka-server-start.sh [-daemon] server.properties [--override property=value]*`: starts the broker.

The broker runs in a process whose command line has the words `kafka.Kafka`, as the JVM's has: people look for them
with `ps` and `pgrep`, and so does kafka-server-stop.sh.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from ottla.cli.launching import ottla_command
from ottla.cli.run_class import script_path, start_daemon

SERVER_CLASS = "kafka.Kafka"
DAEMON_NAME = "kafkaServer"


def main(arguments: Sequence[str]) -> int:
    """Become the broker, or start it as a daemon and return."""
    if not arguments:
        name = script_path("kafka-server-start")
        print(f"USAGE: {name} [-daemon] server.properties [--override property=value]*")
        return 1
    is_daemon = arguments[0] == "-daemon"
    command = ottla_command(["run-class", SERVER_CLASS, *arguments[is_daemon:]])
    if is_daemon:
        return start_daemon(DAEMON_NAME, command)
    sys.stdout.flush()
    return os.execv(command[0], command)  # noqa: S606 - our own program
