"""`ottla server`: read the settings, say in three lines what starts, and run the broker until it is stopped."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from ottla.cli.common import CommandError, help_text
from ottla.config.broker import embedded_settings, resolve_broker_config, setting_warnings
from ottla.config.listeners import url_host
from ottla.config.option import ConfigError
from ottla.config.resolved import BrokerConfig
from ottla.config.setting import Setting, Settings
from ottla.config.sources import parse_overrides, read_settings
from ottla.telemetry.levels import resolve_levels
from ottla.telemetry.logging import configure_logging
from ottla.version import KAFKA_VERSION, OTTLA_VERSION

_LOGGER = logging.getLogger("kafka.server.KafkaConfig")

METRICS_PORT = "ottla.metrics.port"


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are this command line's own kind."""

    def error(self, message: str) -> NoReturn:
        raise CommandError(f"{message}; `ottla --help` shows what there is")


def run(arguments: Sequence[str]) -> int:
    """Run the broker and return the exit code of its process. Raises CommandError when it cannot start."""
    parser = _Parser(prog="ottla server", add_help=False, allow_abbrev=False)
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
    try:
        shortcuts = {
            "log.dirs": ("--data", options.data),
            METRICS_PORT: ("--metrics-port", options.metrics_port),
        }
        settings = gather_settings(options.config, shortcuts, options.override)
        config = resolve_broker_config(settings, socket.getfqdn)
        levels = resolve_levels(config.ottla_log_level, os.environ, options.log_level)
    except (ConfigError, ValueError) as error:
        raise CommandError(str(error)) from error
    configure_logging(levels.root, levels.loggers)
    print("\n".join(greeting(config)), flush=True)
    for line in (*setting_warnings(settings), *levels.warnings):
        _LOGGER.warning("%s", line)

    # What a start makes is there to stay, so looking for garbage in it is a tenth of the start's time for nothing.
    gc.disable()
    from ottla.server.process import run as run_process

    return run_process(config, watch_loop_ms=options.watch_loop)


def gather_settings(
    config_file: str | None, shortcuts: Mapping[str, tuple[str, str | None]], overrides: Sequence[str]
) -> Settings:
    """Put the file, the options that have an argument of their own and `--override` together, the later over the
    earlier. A shortcut is an option's name with its argument and what was given for it, None for nothing.

    Without a file the embedded default lies below them. Raises ConfigError for what cannot be parsed, and
    CommandError for a file that cannot be read.
    """
    over = parse_overrides(overrides)
    given = {
        name: Setting(text, argument) for name, (argument, text) in shortcuts.items() if text is not None
    }
    over = {**given, **over}
    if config_file is None:
        return embedded_settings(over)
    try:
        content = Path(config_file).read_bytes()
    except OSError as error:
        raise CommandError(f"cannot read {config_file}: {error.strerror}") from error
    return {**read_settings(content, config_file), **over}


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
