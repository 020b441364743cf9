"""`ottla-container`: what the scripts of the image call, each by the name of its image and of itself.

`entrypoint` is the image's own entry point: it recognises the dialect, hands the volumes over, and stays as
the first process while the command runs below it. What runs is imported there, so that the first process stays small.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ottla.container.bitnami_log import bitnami_log
from ottla.container.console import Console, RefusedError
from ottla.container.container_files import ContainerFiles
from ottla.container.dialect import Choice, Dialect, UnknownDialectError, recognise
from ottla.container.init_process import run_below_first_process
from ottla.container.mounts import MOUNT_TABLE, Mount, read_mounts
from ottla.container.ownership import ACCOUNTS, become, data_directories, take_over

RUN_SCRIPTS = ("/etc/kafka/docker/run", "/etc/confluent/docker/run")

EXIT_NOT_EXECUTABLE = 126
EXIT_NOT_FOUND = 127
"""What Docker's own runtime and every shell answer for a command that cannot be run."""


@dataclass(frozen=True, slots=True)
class Container:
    """What a step works with."""

    environment: dict[str, str]
    files: ContainerFiles
    console: Console
    mounts: tuple[Mount, ...]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a step of the container and return its exit code."""
    step, *rest = list(sys.argv[1:] if arguments is None else arguments) or [""]
    if step not in STEPS:
        print(f"ottla-container: there is no step {step!r}; there are {', '.join(STEPS)}", file=sys.stderr)
        return 1
    files = ContainerFiles()
    mounts = read_mounts(files.text(MOUNT_TABLE)) if files.exists(MOUNT_TABLE) else ()
    container = Container(dict(os.environ), files, Console(sys.stdout, sys.stderr), mounts)
    try:
        return STEPS[step](container, rest)
    except RefusedError:
        return 1


def _entrypoint(container: Container, command: list[str]) -> int:
    return _enter(container, command, None)


def _bitnami_entrypoint(container: Container, command: list[str]) -> int:
    return _enter(container, command, Choice(Dialect.BITNAMI, "its entry point was called"))


def _enter(container: Container, command: list[str], choice: Choice | None) -> int:
    chosen = _recognised(container, command) if choice is None else choice
    return _run_as(container, chosen.dialect, lambda: _run_command(container, chosen, command))


def _recognised(container: Container, command: Sequence[str]) -> Choice:
    try:
        return recognise(container.environment, command, container.mounts)
    except UnknownDialectError as error:
        raise container.console.refuse_with_complaint(f"ottla: {error}") from error


def _announce(container: Container, choice: Choice) -> None:
    text = f"Ottla in the place of {choice.dialect.value}: {choice.reason}"
    if choice.dialect is Dialect.BITNAMI:
        bitnami_log(container.environment, container.console).info(text)
    else:
        container.console.say(f"===> {text}")


def _settle(container: Container, dialect: Dialect) -> None:
    """Where this is root, hand the data directories over and be the user that they belong to from here on."""
    if os.geteuid() != 0:
        return
    account = ACCOUNTS[dialect]
    directories = data_directories(dialect, container.environment, container.files)
    for directory in take_over(directories, account, container.files):
        container.console.complain(f"ottla: {directory} belongs to user {account.user_id} now")
    become(account, container.environment)


def _run_command(container: Container, choice: Choice, command: list[str]) -> int:
    """Run the command: the dialect's own run script right here, anything else in its place.

    Only a start says in whose place it is: what a tool prints is for whoever called it.
    """
    if choice.dialect is Dialect.BITNAMI:
        return _run_bitnami_command(container, choice, command)
    if not command or command[0] in RUN_SCRIPTS:
        _announce(container, choice)
        return _run_script(container, choice.dialect, command[1:])
    return _execute(container, command)


def _run_bitnami_command(container: Container, choice: Choice, command: list[str]) -> int:
    from ottla.container import run_bitnami

    run_bitnami.welcome(container.environment, container.console)
    if command and not run_bitnami.starts_the_broker(command):
        return _execute(container, command)
    _announce(container, choice)
    run_bitnami.set_up(container.environment, container.files, container.console, container.mounts)
    container.console.say("")
    if not command or command[0] in run_bitnami.RUN_SCRIPTS:
        return run_bitnami.run(command[1:], container.environment, container.files, container.console)
    return _execute(container, command)


def _run_script(container: Container, dialect: Dialect, arguments: Sequence[str]) -> int:
    environment, files, console = container.environment, container.files, container.console
    if dialect is Dialect.APACHE:
        from ottla.container import run_apache

        return run_apache.run(arguments, environment, files, console)
    from ottla.container import run_confluent

    is_local = dialect is Dialect.CONFLUENT_LOCAL
    return run_confluent.run(arguments, environment, files, console, is_local=is_local)


def _execute(container: Container, command: list[str]) -> int:
    """Become another program; return an exit code only where that fails."""
    try:
        os.execvpe(command[0], list(command), container.environment)  # noqa: S606 - the user's command
    except FileNotFoundError:
        container.console.complain(f'exec: "{command[0]}": executable file not found in $PATH')
        return EXIT_NOT_FOUND
    except OSError as error:
        container.console.complain(f'exec: "{command[0]}": {error.strerror}')
        return EXIT_NOT_EXECUTABLE


def _apache_run(container: Container, arguments: list[str]) -> int:
    return _run_called(container, Dialect.APACHE, arguments)


def _confluent_run(container: Container, arguments: list[str]) -> int:
    choice = _recognised(container, ["/etc/confluent/docker/run"])
    return _run_called(container, choice.dialect, arguments)


def _run_called(container: Container, dialect: Dialect, arguments: list[str]) -> int:
    _announce(container, Choice(dialect, "its run script was called"))
    return _run_as(container, dialect, lambda: _run_script(container, dialect, arguments))


def _run_as(container: Container, dialect: Dialect, run: Callable[[], int]) -> int:
    """Run what a script was called for, which may have been called as root and as the first process."""
    _settle(container, dialect)
    return run_below_first_process(lambda: _exit_code_of(run))


def _exit_code_of(run: Callable[[], int]) -> int:
    try:
        return run()
    except RefusedError:
        return 1


def _confluent_configure(container: Container, _: list[str]) -> int:
    from ottla.container import run_confluent

    run_confluent.configure(container.environment, container.files, container.console)
    return 0


def _confluent_ensure(container: Container, _: list[str]) -> int:
    from ottla.container import run_confluent

    run_confluent.ensure(container.environment, container.files, container.console)
    return 0


def _confluent_launch(container: Container, _: list[str]) -> int:
    from ottla.container import run_confluent

    return _run_as(
        container,
        Dialect.CONFLUENT,
        lambda: run_confluent.launch(container.environment, container.files, container.console),
    )


def _bitnami_setup(container: Container, _: list[str]) -> int:
    from ottla.container import run_bitnami

    _settle(container, Dialect.BITNAMI)
    run_bitnami.set_up(container.environment, container.files, container.console, container.mounts)
    return 0


def _bitnami_run(container: Container, arguments: list[str]) -> int:
    from ottla.container import run_bitnami

    return _run_as(
        container,
        Dialect.BITNAMI,
        lambda: run_bitnami.run(arguments, container.environment, container.files, container.console),
    )


STEPS: dict[str, Callable[[Container, list[str]], int]] = {
    "entrypoint": _entrypoint,
    "apache-run": _apache_run,
    "confluent-run": _confluent_run,
    "confluent-configure": _confluent_configure,
    "confluent-ensure": _confluent_ensure,
    "confluent-launch": _confluent_launch,
    "bitnami-entrypoint": _bitnami_entrypoint,
    "bitnami-setup": _bitnami_setup,
    "bitnami-run": _bitnami_run,
}
"""The steps by their names."""
