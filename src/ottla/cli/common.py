"""What commands of Ottla's own share: the help text and the error that ends a command.

This module is loaded by `ottla --version`, so it imports nothing heavy.
"""

from __future__ import annotations

from ottla.cli.tools import TOOLS
from ottla.version import KAFKA_VERSION


class CommandError(Exception):
    """A command that cannot be carried out; its text is what the user gets to read."""


def help_text() -> str:
    """Return what `ottla --help` prints."""
    there = [tool for tool in TOOLS if tool.is_there]
    width = max(len(tool.name) for tool in there)
    tools = "\n".join(f"  {tool.name:<{width}}  {tool.summary}" for tool in there)
    return f"""\
usage: ottla [server] [--config FILE] [--data DIR] [--override KEY=VALUE ...]
       ottla COMMAND [OPTION ...]

A single-node broker that speaks Apache Kafka {KAFKA_VERSION}'s protocol and keeps its files, and Kafka's tools.

commands:
{tools}

  Most are Kafka's tools with Kafka's options: `ottla topics` is kafka-topics.sh. A script's name does as well.

options of the server:
  --config FILE         server.properties or .yaml; without it one node listens on localhost:9092
  --data DIR            keep the data here (instead of log.dirs, or of ./ottla-data)
  --override KEY=VALUE  set one option; may be given many times
                        (OTTLA_LOG_RETENTION_MS=1000 in the environment sets log.retention.ms, below --override)
  --log-level LEVEL     TRACE, DEBUG, INFO, WARN, ERROR or OFF (default INFO); LOGGER=LEVEL for one logger
                        and all below it, by Ottla's or Kafka's name; may be given many times
  --metrics-port PORT   serve metrics to Prometheus on this port, under /metrics (default: off)
  --watch-loop MS       warn when the event loop was held up for longer, for tests and development
  --version             print the version
  --help                print this
"""
