"""`ottla storage`: formats and inspects data directories, with the options, words and exit codes of Kafka's
`kafka-storage.sh` (`kafka.tools.StorageTool`).

What Kafka says on standard output or standard error, this tool says there too; where Kafka's ends with
a stack trace, this one gives the trace's message alone.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence

from ottla.cli.arguments import (
    Argument,
    ArgumentsError,
    Command,
    HelpRequestedError,
    ParsedCommand,
    parse_command,
)
from ottla.cli.feature_queries import (
    feature_dependency_lines,
    short_from_text,
    version_mapping_lines,
)
from ottla.cli.settings import gather_settings
from ottla.cli.storage_report import report_directories
from ottla.config.option import ConfigError
from ottla.config.places import with_places
from ottla.config.storage_settings import CONTROLLER, StorageSettings, storage_settings
from ottla.metadata.directory_formatting import NodeDirectories, format_directories
from ottla.metadata.dynamic_voters import DynamicVoter, VotersError, parse_voters
from ottla.metadata.feature_table import FeatureError, metadata_version_from_text
from ottla.metadata.format_plan import FormatError, FormatWishes, plan_format
from ottla.metadata.scram_arguments import ScramArgumentError
from ottla.storage.directory_ensemble import DirectoryMismatchError
from ottla.storage.files import FileSystem
from ottla.types import random_uuid, uuid_to_text

_CONFIG = Argument(("--config", "-c"), "the configuration file of the node", required=True)
_RELEASE = Argument(
    ("--release-version", "-r"),
    "the release whose features are meant, such as 4.1 or 4.1-IV1; the default is the latest stable one",
)
_QUORUM = "quorum"

COMMANDS = (
    Command("info", "Say what is in the log directories of this node.", (_CONFIG,)),
    Command(
        "format",
        "Format the log directories of this node.",
        (
            _CONFIG,
            Argument(("--cluster-id", "-t"), "the id of the cluster that the node belongs to", required=True),
            Argument(
                ("--add-scram", "-S"),
                "a user of the cluster: 'SCRAM-SHA-256=[name=alice,password=secret]' or 'SCRAM-SHA-512=[name=alice,"
                'iterations=8192,salt="N3E=",saltedpassword="YCE="]\'; may be given many times',
            ),
            Argument(
                ("--ignore-formatted", "-g"),
                "pass over directories that are formatted already instead of failing",
                takes_value=False,
            ),
            _RELEASE,
            Argument(
                ("--feature", "-f"),
                "the level of a feature, such as kraft.version=1; may be given many times",
            ),
            Argument(
                ("--standalone", "-s"),
                "make this controller the only voter of a quorum that is recorded in the metadata log; "
                "controller.quorum.voters must not be set, and controller.quorum.bootstrap.servers must",
                takes_value=False,
                group=_QUORUM,
            ),
            Argument(
                ("--no-initial-controllers", "-N"),
                "leave out who votes, for a node that joins a recorded quorum",
                takes_value=False,
                group=_QUORUM,
            ),
            Argument(
                ("--initial-controllers", "-I"),
                "the voters of a recorded quorum, the same for all nodes: id@host:port:directory with commas between",
                group=_QUORUM,
            ),
        ),
    ),
    Command("version-mapping", "Show the levels of all features that go with a release.", (_RELEASE,)),
    Command(
        "feature-dependencies",
        "Show what levels of features depend on.",
        (
            Argument(
                ("--feature", "-f"),
                "a feature and its level, such as group.version=1; may be given many times",
                required=True,
            ),
        ),
    ),
    Command("random-uuid", "Print a random id, for a cluster or a directory."),
)


class StorageError(Exception):
    """A command that cannot be carried out; its text is what standard error gets."""


_REFUSALS = (
    StorageError,
    FormatError,
    FeatureError,
    VotersError,
    ScramArgumentError,
    DirectoryMismatchError,
)


def main(arguments: Sequence[str], program: str = "kafka-storage") -> int:
    """Run a command and return the exit code. Raises CommandError for a configuration file that cannot be read."""
    try:
        parsed = parse_command(program, "Formats and inspects data directories.", COMMANDS, arguments)
    except HelpRequestedError as requested:
        print(requested.text, end="")
        return 0
    except ArgumentsError as error:
        print(error.text, end="", file=sys.stderr)
        return 1
    try:
        return _RUNNERS[parsed.name](parsed)
    except _REFUSALS as error:
        print(error, file=sys.stderr)
        return 1


def _read_config(parsed: ParsedCommand) -> StorageSettings:
    try:
        settings = gather_settings(parsed.value("config"), os.environ, {}, [])
    except ConfigError as error:
        raise StorageError(str(error)) from error
    try:
        return storage_settings(settings)
    except ConfigError as error:
        raise StorageError(with_places(str(error), settings)) from error


def _run_info(parsed: ParsedCommand) -> int:
    settings = _read_config(parsed)
    report = report_directories(settings.directories)
    print("\n".join(report.lines))
    return 1 if report.has_problems else 0


def _run_format(parsed: ParsedCommand) -> int:
    settings = _read_config(parsed)
    cluster_id = parsed.value("cluster_id")
    assert cluster_id is not None, "the option is required"
    release = parsed.value("release_version")
    wishes = FormatWishes(
        release_version=None if release is None else metadata_version_from_text(release),
        feature_levels=dict(_feature_level(text) for text in parsed.all_values("feature")),
        scram_arguments=parsed.all_values("add_scram"),
        has_dynamic_quorum=not settings.has_static_voters,
        allows_unstable_features=settings.allows_unstable_features,
    )
    node = NodeDirectories(
        cluster_id=cluster_id,
        node_id=settings.node_id,
        directories=settings.directories,
        metadata_directory=settings.metadata_directory,
        controller_listener_name=settings.controller_listener_name,
        voters=_first_voters(parsed, settings),
        passes_over_formatted=parsed.is_set("ignore_formatted"),
    )
    plan = plan_format(wishes, os.urandom)
    for line in format_directories(FileSystem(), node, plan, now_ms=time.time_ns() // 1_000_000):
        print(line, flush=True)
    return 0


def _first_voters(parsed: ParsedCommand, settings: StorageSettings) -> tuple[DynamicVoter, ...]:
    initial_controllers = parsed.value("initial_controllers")
    is_standalone = parsed.is_set("standalone")
    if settings.has_static_voters and (is_standalone or initial_controllers is not None):
        raise StorageError(
            "You cannot specify controller.quorum.voters and format the node with --initial-controllers or "
            "--standalone. If you want to use dynamic quorum, please remove controller.quorum.voters and specify "
            "controller.quorum.bootstrap.servers instead."
        )
    if initial_controllers is not None:
        return parse_voters(initial_controllers)
    if is_standalone:
        if CONTROLLER not in settings.process_roles:
            raise StorageError("You can only use --standalone on a controller.")
        if settings.controller_address is None:
            raise StorageError("No controller listeners found.")
        host, port = settings.controller_address
        return (DynamicVoter(settings.node_id, host, port, random_uuid()),)
    if (
        not parsed.is_set("no_initial_controllers")
        and CONTROLLER in settings.process_roles
        and not settings.has_static_voters
    ):
        raise StorageError(
            "Because controller.quorum.voters is not set on this controller, you must specify one of the following: "
            "--standalone, --initial-controllers, or --no-initial-controllers."
        )
    return ()


def _feature_level(text: str) -> tuple[str, int]:
    name, equals, level = text.partition("=")
    if not equals:
        raise StorageError(f"Can't parse feature=level string {text}: equals sign not found.")
    number = short_from_text(level.strip())
    if number is None:
        raise StorageError(
            f"Can't parse feature=level string {text}: unable to parse {level.strip()} as a short."
        )
    return name.strip(), number


def _run_version_mapping(parsed: ParsedCommand) -> int:
    _print_each(version_mapping_lines(parsed.value("release_version")))
    return 0


def _run_feature_dependencies(parsed: ParsedCommand) -> int:
    for text in parsed.all_values("feature"):
        _print_each(feature_dependency_lines(text))
    return 0


def _run_random_uuid(_: ParsedCommand) -> int:
    print(uuid_to_text(random_uuid()))
    return 0


def _print_each(lines: Sequence[str]) -> None:
    for line in lines:
        print(line)


_RUNNERS: dict[str, Callable[[ParsedCommand], int]] = {
    "info": _run_info,
    "format": _run_format,
    "version-mapping": _run_version_mapping,
    "feature-dependencies": _run_feature_dependencies,
    "random-uuid": _run_random_uuid,
}
