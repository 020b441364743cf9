"""`/etc/confluent/docker/run` and the scripts that it calls, `configure`, `ensure` and `launch`.

People and test libraries change these scripts in place before a start, so `run` looks at them: one that is as it was
shipped is done right here, one that was changed is run as it is.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence

from ottla.container import confluent
from ottla.container.accounts import own_identity
from ottla.container.console import Console, RefusedError
from ottla.container.container_files import ContainerFiles
from ottla.container.overrides import take_overrides
from ottla.container.run_apache import format_or_refuse
from ottla.container.start import UnusableConfigurationError, check_configuration, serve

SCRIPTS = "/etc/confluent/docker"
SHIPPED_SCRIPTS = "/usr/local/share/ottla/scripts/etc/confluent/docker"
"""The scripts once more, as they were shipped."""


def run(
    arguments: Sequence[str],
    environment: dict[str, str],
    files: ContainerFiles,
    console: Console,
    *,
    is_local: bool,
) -> int:
    """Configure, format and serve; return the exit code. Raises RefusedError once it was said why not."""
    take_overrides(f"{SCRIPTS}/run", arguments, environment, console)
    console.say("===> User")
    console.say(own_identity())
    if is_local:
        console.say("===> Setting default values of environment variables if not already set.")
        confluent.set_local_defaults(environment, console)
    console.say("===> Configuring ...")
    _step("configure", lambda: configure(environment, files, console), environment, files)
    console.say("===> Running preflight checks ... ")
    _step("ensure", lambda: ensure(environment, files, console), environment, files)
    console.say("===> Launching ... ")
    if is_shipped("launch", files):
        return launch(environment, files, console)
    path = str(files.place(f"{SCRIPTS}/launch"))
    return os.execve(path, [path], environment)  # noqa: S606 - the script that the container holds for this


def configure(environment: dict[str, str], files: ContainerFiles, console: Console) -> None:
    """Write the configuration file. Raises RefusedError."""
    configuration = confluent.configure(environment, files, console)
    files.write(configuration.path, configuration.text)


def ensure(environment: dict[str, str], files: ContainerFiles, console: Console) -> None:
    """Check what must be there, and format new volumes. Raises RefusedError.

    A broker that is written for ZooKeeper has no cluster id to give; its volume gets one when the broker starts.
    """
    confluent.check_data_directory(environment, files, console)
    config_file = str(files.place(confluent.CONFIG_FILE))
    cluster_id = environment.get("CLUSTER_ID", "")
    if cluster_id:
        console.say(f"===> Using provided cluster id {cluster_id} ...")
        format_or_refuse(config_file, cluster_id, environment, console)
        return
    try:
        check_configuration(config_file, environment)
    except UnusableConfigurationError as error:
        raise console.refuse(str(error)) from error


def launch(environment: dict[str, str], files: ContainerFiles, console: Console) -> int:
    """Serve; return the exit code."""
    console.say("===> Launching kafka ... ")
    return serve(str(files.place(confluent.CONFIG_FILE)), environment)


def is_shipped(script: str, files: ContainerFiles) -> bool:
    """Tell whether a script is as it was shipped."""
    try:
        return files.text(f"{SCRIPTS}/{script}") == files.text(f"{SHIPPED_SCRIPTS}/{script}")
    except OSError:
        return False


def _step(script: str, step: Callable[[], None], environment: dict[str, str], files: ContainerFiles) -> None:
    if is_shipped(script, files):
        step()
        return
    path = str(files.place(f"{SCRIPTS}/{script}"))
    done = subprocess.run([path], env=environment, check=False)  # noqa: S603 - the container's own script
    if done.returncode != 0:
        raise RefusedError(f"{path} ended with {done.returncode}")
