"""`entrypoint.sh`, `setup.sh` and `run.sh` of `bitnami/kafka`, from the first line to the last."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ottla.config.sources import read_properties
from ottla.container import bitnami
from ottla.container.bitnami_environment import (
    CONFIG_DIRECTORY,
    DATA_DIRECTORY,
    VOLUME_DIRECTORY,
    complete_environment,
)
from ottla.container.bitnami_log import BitnamiLog, bitnami_log, is_yes
from ottla.container.bitnami_security import LOGIN_FILE
from ottla.container.console import Console
from ottla.container.container_files import ContainerFiles
from ottla.container.init_scripts import ScriptRunner, run_init_scripts
from ottla.container.mounts import Mount, mounted_on_purpose
from ottla.container.secured_listeners import LOGIN_PROPERTY
from ottla.container.start import UnusableConfigurationError, check_configuration, format_volume, serve
from ottla.types import random_uuid, uuid_to_text
from ottla.version import KAFKA_VERSION, OTTLA_VERSION

RUN_SCRIPTS = ("/opt/bitnami/scripts/kafka/run.sh", "/run.sh")
SHELL = "/bin/bash"
MAIN_FILE = "server.properties"
"""It is copied when the configuration is made, or not at all."""


def welcome(environment: dict[str, str], console: Console) -> None:
    """Say what runs here, unless `DISABLE_WELCOME_MESSAGE` is set."""
    if environment.get("DISABLE_WELCOME_MESSAGE"):
        return
    log = bitnami_log(environment, console)
    log.info("")
    log.info(f"Welcome to Ottla {OTTLA_VERSION}, in the place of the Bitnami kafka container")
    log.info(f"It speaks Apache Kafka {KAFKA_VERSION} and needs no JVM")
    log.info("")


def starts_the_broker(command: Sequence[str]) -> bool:
    """Tell whether a command runs `run.sh`, before which the entry point sets everything up."""
    return any(script in word for word in command for script in RUN_SCRIPTS)


def set_up(
    environment: dict[str, str], files: ContainerFiles, console: Console, mounts: Sequence[Mount]
) -> None:
    """Do what comes before the broker: configuration, format, init scripts. Raises RefusedError."""
    log = bitnami_log(environment, console)
    log.info("** Starting Kafka setup **")
    complete_environment(environment, files, log, lambda command: printed_by(command, environment, log))
    for directory in (CONFIG_DIRECTORY, VOLUME_DIRECTORY, DATA_DIRECTORY):
        _make_directory(directory, files, console)
    _copy_mounted_files(environment["KAFKA_MOUNTED_CONF_DIR"], files, console)
    if files.is_file(LOGIN_FILE):
        environment["KAFKA_OPTS"] = f"-D{LOGIN_PROPERTY}={files.place(LOGIN_FILE)}"
    if not mounted_on_purpose(mounts, bitnami.CONFIG_FILE):
        configuration = bitnami.configure(environment, files, log, is_root=os.geteuid() == 0)
        for path, text in {configuration.path: configuration.text, **configuration.other_files}.items():
            files.write(path, text)
    config_file = str(files.place(bitnami.CONFIG_FILE))
    try:
        check_configuration(config_file, environment, extra_arguments(environment))
    except UnusableConfigurationError as error:
        raise log.refuse(str(error)) from error
    if not is_yes(environment["KAFKA_SKIP_KRAFT_STORAGE_INIT"]):
        _format(environment, files, log)
    runner = ScriptRunner(
        execute=lambda path: _exit_code([str(files.place(path))], environment),
        source=lambda path: _exit_code([SHELL, "-c", '. "$0"', str(files.place(path))], environment),
        is_executable=lambda path: os.access(files.place(path), os.X_OK),
    )
    run_init_scripts(files, log, runner)
    log.info("** Kafka setup finished! **")


def _make_directory(directory: str, files: ContainerFiles, console: Console) -> None:
    try:
        files.place(directory).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise console.refuse_with_complaint(
            f"mkdir: cannot create directory '{directory}': {error.strerror}"
        ) from error


def _copy_mounted_files(mounted: str, files: ContainerFiles, console: Console) -> None:
    """Take certificates, login files and all else that is mounted beside a configuration into its directory."""
    place = files.place(mounted)
    if not place.is_dir():
        return
    try:
        _copy_tree(place, files.place(CONFIG_DIRECTORY))
    except OSError as error:
        raise console.refuse_with_complaint(f"cp: cannot copy '{mounted}': {error}") from error


def _copy_tree(source: Path, target: Path) -> None:
    """Copy what files hold; owners, modes and times of what is there may be another user's and stay."""
    target.mkdir(exist_ok=True)
    for entry in source.iterdir():
        if entry.is_dir():
            _copy_tree(entry, target / entry.name)
        elif entry.name != MAIN_FILE:
            shutil.copyfile(entry, target / entry.name)


def _format(environment: dict[str, str], files: ContainerFiles, log: BitnamiLog) -> None:
    log.info("Initializing KRaft storage metadata")
    cluster_id = bitnami.recorded_cluster_id(files) or environment.get("KAFKA_CLUSTER_ID", "")
    if not cluster_id:
        log.warning(
            "KAFKA_CLUSTER_ID not set - If using multiple nodes then you must use the same Cluster ID for each one"
        )
        cluster_id = uuid_to_text(random_uuid())
        log.info(f"Generated Kafka cluster ID '{cluster_id}'")
    log.info("Formatting storage directories to add metadata...")
    settings = read_properties(files.text(bitnami.CONFIG_FILE), bitnami.CONFIG_FILE)
    properties = {name: setting.text for name, setting in settings.items()}
    arguments = ["--ignore-formatted", *bitnami.format_arguments(environment, properties)]
    formatted = format_volume(str(files.place(bitnami.CONFIG_FILE)), cluster_id, arguments)
    if formatted.exit_code != 0:
        raise log.refuse(formatted.output)
    log.debug(formatted.output)


def run(
    arguments: Sequence[str], environment: dict[str, str], files: ContainerFiles, console: Console
) -> int:
    """Serve; return the exit code."""
    bitnami_log(environment, console).info("** Starting Kafka **")
    config_file = str(files.place(bitnami.CONFIG_FILE))
    return serve(config_file, environment, [*extra_arguments(environment), *arguments])


def extra_arguments(environment: dict[str, str]) -> list[str]:
    """Return the arguments that `KAFKA_EXTRA_FLAGS` adds to the broker's."""
    return shlex.split(environment.get("KAFKA_EXTRA_FLAGS", ""))


def printed_by(command: str, environment: dict[str, str], log: BitnamiLog) -> str:
    """Return what a shell command prints, as a shell takes it. Raises RefusedError where it fails."""
    done = subprocess.run(  # noqa: S603 - the variable is there to be run
        [SHELL, "-c", command], env=environment, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode != 0:
        raise log.refuse(f"The command {command!r} ended with exit code {done.returncode}")
    return done.stdout.rstrip("\n")


def _exit_code(command: Sequence[str], environment: dict[str, str]) -> int:
    try:
        return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603 - the user's script
    except OSError:
        return 1
