"""From a configuration file to a broker that serves: check, format, serve, in this order.

Everything that can be refused is refused before the first byte goes to the volume, so that a mistake in the
environment never leaves anything half-formatted behind.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ottla.cli.common import CommandError
from ottla.cli.settings import gather_settings
from ottla.config.broker import resolve_broker_config
from ottla.config.listeners import split_csv
from ottla.config.option import ConfigError
from ottla.config.places import with_places
from ottla.config.setting import Settings
from ottla.container.dialect import DIALECT_VARIABLE
from ottla.container.jaas import JaasError, parse_login_file, parse_login_value, server_login
from ottla.container.secured_listeners import LOGIN_PROPERTY

SASL_PREFIX = "SASL_"


class UnusableConfigurationError(Exception):
    """A configuration that the broker cannot be started with; the text says why, in Kafka's words where it has any."""


@dataclass(frozen=True, slots=True)
class Formatted:
    """What the storage tool did and said."""

    exit_code: int
    output: str

    @property
    def is_done_before(self) -> bool:
        """Whether it only found that the volume was formatted already."""
        return "already formatted" in self.output.lower()


def check_configuration(
    config_file: str, environment: Mapping[str, str], arguments: Sequence[str] = ()
) -> None:
    """Read the configuration as the broker will. Raises UnusableConfigurationError."""
    overrides = [each.removeprefix("--override=") for each in arguments if each != "--override"]
    try:
        settings = gather_settings(config_file, _for_the_broker(environment), {}, overrides)
    except (CommandError, ConfigError) as error:
        raise UnusableConfigurationError(str(error)) from error
    try:
        _check_logins(settings, environment)
        resolve_broker_config(settings, lambda: "localhost")
    except JaasError as error:
        raise UnusableConfigurationError(str(error)) from error
    except ConfigError as error:
        raise UnusableConfigurationError(with_places(str(error), settings)) from error


def _check_logins(settings: Settings, environment: Mapping[str, str]) -> None:
    """Read the logins of SASL listeners, from the JVM's login file or the options. Raises JaasError."""
    for name in _sasl_listeners(settings):
        own = [
            setting.text
            for key, setting in settings.items()
            if key == "sasl.jaas.config"
            or (key.startswith(f"listener.name.{name.lower()}.") and key.endswith("sasl.jaas.config"))
        ]
        for text in own:
            parse_login_value(text)
        path = login_file(environment)
        if path is None and not own:
            raise JaasError(
                f"Could not find a 'KafkaServer' or '{name.lower()}.KafkaServer' entry in the JAAS configuration. "
                f"System property '{LOGIN_PROPERTY}' is not set"
            )
        if path is not None and not own:
            try:
                text = Path(path).read_text(encoding="utf-8", errors="replace")
            except OSError as error:
                raise JaasError(f"{path} ({error.strerror})") from error
            server_login(parse_login_file(text), name, path)


def _sasl_listeners(settings: Settings) -> list[str]:
    def text(key: str) -> str:
        return settings[key].text if key in settings else ""

    entries = (entry.rpartition(":") for entry in split_csv(text("listener.security.protocol.map")))
    protocols = {name.strip().upper(): protocol.strip().upper() for name, _, protocol in entries}
    names = [entry.partition("://")[0].strip().upper() for entry in split_csv(text("listeners"))]
    return [name for name in names if protocols.get(name, name).startswith(SASL_PREFIX)]


def login_file(environment: Mapping[str, str]) -> str | None:
    """Return the login file that KAFKA_OPTS gives to the JVM; None without one."""
    for word in environment.get("KAFKA_OPTS", "").split():
        name, equals, path = word.removeprefix("-D").partition("=")
        if equals and name == LOGIN_PROPERTY:
            return path.strip("\"'")
    return None


def format_volume(config_file: str, cluster_id: str, arguments: Sequence[str] = ()) -> Formatted:
    """Format the data directories that are not formatted yet, as `kafka-storage.sh format` does."""
    from ottla.cli import storage

    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            exit_code = storage.main(["format", f"--cluster-id={cluster_id}", "-c", config_file, *arguments])
        except (CommandError, OSError) as error:
            exit_code = 1
            print(error)
    return Formatted(exit_code, said.getvalue().rstrip("\n"))


def serve(config_file: str, environment: Mapping[str, str], arguments: Sequence[str] = ()) -> int:
    """Become the broker, as `kafka-server-start.sh` does; return an exit code only where that fails.

    What was needed to come this far is forgotten with the process that it was, and people find `kafka.Kafka` among the
    processes.
    """
    from ottla.cli.server_start import main

    os.environ.clear()
    os.environ.update(_for_the_broker(environment))
    return main([config_file, *arguments])


def _for_the_broker(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name != DIALECT_VARIABLE}
