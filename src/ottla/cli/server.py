"""`ottla server`: read the settings, say in three lines what starts, and run the broker until it is stopped."""

from __future__ import annotations

import gc
import logging
import os
import socket
from collections.abc import Sequence
from pathlib import Path

from ottla.cli.common import CommandError, help_text
from ottla.cli.own_arguments import OwnParser
from ottla.cli.settings import gather_settings
from ottla.config.broker import resolve_broker_config, setting_warnings
from ottla.config.listeners import url_host
from ottla.config.option import ConfigError
from ottla.config.places import with_places
from ottla.config.resolved import BrokerConfig
from ottla.telemetry.levels import resolve_levels
from ottla.telemetry.logging import configure_logging
from ottla.telemetry.running_levels import RunningLevels
from ottla.version import KAFKA_VERSION, OTTLA_VERSION

_LOGGER = logging.getLogger("kafka.server.KafkaConfig")

METRICS_PORT = "ottla.metrics.port"


def main(arguments: Sequence[str]) -> int:
    """Run the broker and return the exit code of its process. Raises CommandError when it cannot start."""
    parser = OwnParser("ottla server", add_help=False)
    parser.add_argument("--config", metavar="FILE")
    parser.add_argument("--data", metavar="DIR")
    parser.add_argument("--override", metavar="KEY=VALUE", action="append", default=[])
    parser.add_argument("--log-level", metavar="[LOGGER=]LEVEL", action="append", default=[])
    parser.add_argument("--metrics-port", metavar="PORT")
    parser.add_argument("--watch-loop", metavar="MS", type=int)
    parser.add_argument("--help", "-h", action="store_true")
    options = parser.parse_args(arguments)
    if options.help:
        print(help_text(), end="")
        return 0
    shortcuts = {
        "log.dirs": ("--data", options.data),
        METRICS_PORT: ("--metrics-port", options.metrics_port),
    }
    try:
        settings = gather_settings(options.config, os.environ, shortcuts, options.override)
    except ConfigError as error:
        raise CommandError(str(error)) from error
    try:
        config = resolve_broker_config(settings, socket.getfqdn)
        levels = resolve_levels(config.ottla_log_level, os.environ, options.log_level)
    except (ConfigError, ValueError) as error:
        raise CommandError(with_places(str(error), settings)) from error
    configure_logging(levels.root, levels.loggers)
    print("\n".join(greeting(config)), flush=True)
    for line in (*setting_warnings(settings), *levels.warnings):
        _LOGGER.warning("%s", line)

    # What a start makes is there to stay, so looking for garbage in it is a tenth of the start's time for nothing.
    gc.disable()
    from ottla.server.process import run as run_process

    return run_process(config, watch_loop_ms=options.watch_loop, levels=RunningLevels(levels.asked))


def greeting(config: BrokerConfig) -> tuple[str, str, str]:
    """Return the three lines of the start: where the broker listens, where its data is, how to try it.

    A port that is still to be taken is not known here; the log names it once it is.
    """
    addresses = [
        (f"{url_host(each.host)}:{each.port or 'PORT'}", each.name) for each in config.advertised_listeners
    ]
    return (
        f"Ottla {OTTLA_VERSION}, speaking Apache Kafka {KAFKA_VERSION}, on "
        + ", ".join(f"{address} ({name})" for address, name in addresses),
        f"Data in {Path(config.data_directory).resolve()}",
        f"Try: kafka-console-producer.sh --topic greetings --bootstrap-server {addresses[0][0]}",
    )
