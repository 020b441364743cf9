"""`/etc/kafka/docker/run`: what `apache/kafka` does from its first line to its last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ottla.container import apache
from ottla.container.accounts import own_identity
from ottla.container.console import Console
from ottla.container.container_files import ContainerFiles
from ottla.container.overrides import take_overrides
from ottla.container.start import UnusableConfigurationError, check_configuration, format_volume, serve

SCRIPT = "/etc/kafka/docker/run"


def run(
    arguments: Sequence[str], environment: dict[str, str], files: ContainerFiles, console: Console
) -> int:
    """Configure, format and serve; return the exit code. Raises RefusedError once it was said why not."""
    take_overrides(SCRIPT, arguments, environment, console)
    console.say("===> User")
    console.say(own_identity())
    console.say("===> Setting default values of environment variables if not already set.")
    apache.set_defaults(environment, console)
    console.say("===> Configuring ...")
    configuration = apache.configure(environment, files, console)
    files.write(configuration.path, configuration.text)
    config_file = str(files.place(configuration.path))
    console.say("===> Launching ... ")
    cluster_id = configuration.environment["CLUSTER_ID"]
    console.say(f"===> Using provided cluster id {cluster_id} ...")
    format_or_refuse(config_file, cluster_id, configuration.environment, console)
    return serve(config_file, configuration.environment)


def format_or_refuse(
    config_file: str, cluster_id: str, environment: Mapping[str, str], console: Console
) -> None:
    """Check the configuration and format new volumes; say what the originals' scripts let through of that.

    Raises RefusedError.
    """
    try:
        check_configuration(config_file, environment)
    except UnusableConfigurationError as error:
        raise console.refuse(str(error)) from error
    formatted = format_volume(config_file, cluster_id)
    if formatted.exit_code == 0:
        return
    if not formatted.is_done_before:
        raise console.refuse(formatted.output)
    console.say(formatted.output)
