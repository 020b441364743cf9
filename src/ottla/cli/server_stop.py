"""`kafka-server-stop.sh [--process-role=ROLE] [--node-id=ID]`: tells the brokers of this machine to stop.

Those are processes of Ottla that run a server, by their command lines; a JVM's Apache Kafka is left alone.
SIGNAL of the environment names another signal than TERM.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ottla.cli.common import CommandError
from ottla.cli.server_start import SERVER_CLASS
from ottla.config.option import ConfigError
from ottla.config.sources import read_settings

_DEFAULTS = {"node.id": "1", "process.roles": "broker,controller"}
"""What a server without a configuration file is."""

_PROCESSES = Path("/proc")


class ServerProcess(NamedTuple):
    """A broker that runs here: its process, and its configuration file where it has one."""

    process_id: int
    config: Path | None


def main(arguments: Sequence[str]) -> int:
    """Send the signal, and return 1 where there is no server. Raises CommandError for a signal that there is not."""
    role = _value_of("--process-role", arguments)
    node_id = _value_of("--node-id", arguments)
    if role and node_id:
        print("When both node-id and process-role are provided, the value for node-id will take precedence")
    number = _signal_number(os.environ.get("SIGNAL") or "TERM")
    servers = list(running_servers())
    if not servers:
        print("No kafka server to stop")
        return 1
    key, wanted = ("node.id", node_id) if node_id else ("process.roles", role)
    for server in servers:
        if not wanted or _setting(server, key) == wanted:
            try:
                os.kill(server.process_id, number)
            except ProcessLookupError:
                continue  # it has ended by itself
            except PermissionError as error:
                raise CommandError(f"process {server.process_id} belongs to another user") from error
    return 0


def running_servers() -> Iterator[ServerProcess]:
    """Yield the servers of this machine."""
    for process_id, words in _command_lines():
        arguments = server_arguments(words)
        if arguments is not None and process_id != os.getpid():
            yield ServerProcess(process_id, _config_file(process_id, arguments))


def server_arguments(words: Sequence[str]) -> list[str] | None:
    """Return the arguments of the server that a command line runs, None where it runs none of Ottla's.

    Ottla is known by a word that is or ends in its name, or by the code that a launcher hands to Python.
    """
    for index, word in enumerate(words):
        if re.search(r"(^|/)ottla(/__main__\.py)?$|^import sys; .*\bottla\b", word):
            rest = list(words[index + 1 :])
            break
    else:
        return None
    if rest[:2] == ["run-class", SERVER_CLASS]:
        return ["--config", *rest[2:]]
    if rest[:1] == ["server"]:
        return rest[1:]
    return rest if not rest or rest[0].startswith("-") else None


def _command_lines() -> Iterator[tuple[int, list[str]]]:
    if _PROCESSES.is_dir() and (_PROCESSES / "self" / "cmdline").exists():
        for folder in _PROCESSES.iterdir():
            if folder.name.isdecimal():
                try:
                    content = (folder / "cmdline").read_bytes()
                except OSError:
                    continue  # the process has ended meanwhile, or is nobody's business here
                yield int(folder.name), os.fsdecode(content).rstrip("\0").split("\0")
        return
    command = ["ps", "-axo", "pid=,args="]  # wherever the system has it
    listed = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - no words of others
    for line in listed.stdout.splitlines():
        process_id, *words = line.split()
        yield int(process_id), words


def _config_file(process_id: int, arguments: Sequence[str]) -> Path | None:
    for index, word in enumerate(arguments):
        name = word.partition("=")[2] if word.startswith("--config=") else ""
        if word == "--config" and index + 1 < len(arguments):
            name = arguments[index + 1]
        if name:
            return Path(_working_directory(process_id)) / name
    return None


def _working_directory(process_id: int) -> str:
    try:
        return str((_PROCESSES / str(process_id) / "cwd").readlink())
    except OSError:
        return "."


def _setting(server: ServerProcess, key: str) -> str | None:
    """Return an option in a server's file; where the file cannot be read, nothing is known of the server."""
    if server.config is None:
        return _DEFAULTS[key]
    try:
        found = read_settings(server.config.read_bytes(), str(server.config)).get(key)
    except (OSError, ConfigError) as error:
        print(f"{server.config} of process {server.process_id}: {error}", file=sys.stderr)
        return None
    return None if found is None else found.text


def _value_of(option: str, arguments: Sequence[str]) -> str:
    return next((word.partition("=")[2] for word in arguments if word.startswith(option + "=")), "")


def _signal_number(name: str) -> int:
    if name.isdecimal():
        return int(name)
    found = getattr(signal, f"SIG{name.upper().removeprefix('SIG')}", None)
    if not isinstance(found, signal.Signals):
        raise CommandError(f"SIGNAL={name}: there is no such signal")
    return found
