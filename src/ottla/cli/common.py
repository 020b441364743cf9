"""What all tools share: their table, the help text and the error that ends a command.

This module is loaded by `ottla --version`, so it imports nothing heavy.
"""

from __future__ import annotations

from typing import NamedTuple

from ottla.version import KAFKA_VERSION


class Tool(NamedTuple):
    """A subcommand: the module whose `run(arguments) -> int` it is, and what it does in one line."""

    module: str
    summary: str


TOOLS = {
    "server": Tool("ottla.cli.server", "run the broker (what plain `ottla` does)"),
    "storage": Tool("ottla.cli.storage", "format and inspect data directories, as kafka-storage.sh does"),
}

DEFAULT_TOOL = "server"


class CommandError(Exception):
    """A command that cannot be carried out; its text is what the user gets to read."""


def help_text() -> str:
    """Return what `ottla --help` prints."""
    width = max(map(len, TOOLS))
    tools = "\n".join(f"  {name:<{width}}  {tool.summary}" for name, tool in TOOLS.items())
    return f"""\
usage: ottla [server] [--config FILE] [--data DIR] [--override KEY=VALUE ...]

A single-node broker that speaks Apache Kafka {KAFKA_VERSION}'s protocol and keeps its files.

commands:
{tools}

options:
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
