"""Which image's ways a container follows, and why.

Who names a dialect gets it. Else the command tells, which is a path of one of the images; else variables and mounts
that only one of them knows. Where nothing tells, it is `apache/kafka`, whose start needs no variable at all. The
compose files of two images can be word for word the same; then both lead to the same broker.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from ottla.container.mounts import Mount, mounted_within

DIALECT_VARIABLE = "OTTLA_DIALECT"


class Dialect(Enum):
    """The images whose place Ottla takes."""

    APACHE = "apache/kafka"
    BITNAMI = "bitnami/kafka"
    CONFLUENT = "confluentinc/cp-kafka"
    CONFLUENT_LOCAL = "confluentinc/confluent-local"


NAMES: Mapping[str, Dialect] = {
    "apache": Dialect.APACHE,
    "bitnami": Dialect.BITNAMI,
    "confluent": Dialect.CONFLUENT,
    "confluent-local": Dialect.CONFLUENT_LOCAL,
    "apache/kafka": Dialect.APACHE,
    "apache/kafka-native": Dialect.APACHE,
    "bitnami/kafka": Dialect.BITNAMI,
    "bitnamilegacy/kafka": Dialect.BITNAMI,
    "cp-kafka": Dialect.CONFLUENT,
    "confluentinc/cp-kafka": Dialect.CONFLUENT,
    "confluentinc/confluent-local": Dialect.CONFLUENT_LOCAL,
}
"""What `OTTLA_DIALECT` may say: a short name, or that of the image."""

_COMMAND_PATHS = (
    (re.compile(r"/opt/bitnami/|(?:^|\s)/(?:run|entrypoint)\.sh(?:\s|$)"), Dialect.BITNAMI),
    (re.compile("/etc/confluent/"), Dialect.CONFLUENT),
    (re.compile("/etc/kafka/docker/|/opt/kafka/"), Dialect.APACHE),
)

_VARIABLES = (
    (
        re.compile(
            "KAFKA_CFG_.*|BITNAMI_.*|ALLOW_PLAINTEXT_LISTENER|KAFKA_ENABLE_KRAFT|KAFKA_KRAFT_CLUSTER_ID|"
            "KAFKA_CLIENT_(USERS|PASSWORDS)(_FILE)?|KAFKA_(INTER_BROKER|CONTROLLER)_(USER|PASSWORD)(_FILE)?|"
            "KAFKA_EXTRA_FLAGS|KAFKA_SKIP_KRAFT_STORAGE_INIT|KAFKA_INITIAL_CONTROLLERS"
        ),
        Dialect.BITNAMI,
    ),
    (re.compile("KAFKA_REST_.*"), Dialect.CONFLUENT_LOCAL),
    (re.compile("CONFLUENT_.*|KAFKA_CONFLUENT_.*|KAFKA_CUB_.*|KAFKA_DATA_DIRS"), Dialect.CONFLUENT),
)

_MOUNTS = (
    ("/bitnami", Dialect.BITNAMI),
    ("/opt/bitnami", Dialect.BITNAMI),
    ("/docker-entrypoint-initdb.d", Dialect.BITNAMI),
    ("/etc/confluent", Dialect.CONFLUENT),
    ("/mnt/shared/config", Dialect.APACHE),
    ("/opt/kafka", Dialect.APACHE),
)

CONFLUENT_DATA = "/var/lib/kafka/data"
"""Where cp-kafka has its data without being told; apache/kafka has nothing there unless it is told."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A dialect, and what it was recognised by."""

    dialect: Dialect
    reason: str


class UnknownDialectError(Exception):
    """A dialect that there is not was asked for."""


def recognise(environment: Mapping[str, str], command: Sequence[str], mounts: Iterable[Mount]) -> Choice:
    """Return the dialect that a container is written in. Raises UnknownDialectError."""
    named = environment.get(DIALECT_VARIABLE, "")
    if named:
        if named.lower() not in NAMES:
            raise UnknownDialectError(
                f"{DIALECT_VARIABLE}={named} is no dialect; there are {', '.join(NAMES)}"
            )
        return Choice(NAMES[named.lower()], f"{DIALECT_VARIABLE} says so")
    found = _by_command(command) or _by_variables(environment) or _by_mounts(environment, tuple(mounts))
    found = found or Choice(Dialect.APACHE, "no command, variable or mount says otherwise")
    if found.dialect is Dialect.CONFLUENT:
        rest = _first_variable(environment, Dialect.CONFLUENT_LOCAL)
        if rest is not None:
            return Choice(Dialect.CONFLUENT_LOCAL, f"{found.reason}, and {rest} is set")
    return found


def _by_command(command: Sequence[str]) -> Choice | None:
    for word in command:
        for pattern, dialect in _COMMAND_PATHS:
            match = pattern.search(word)
            if match is not None:
                return Choice(dialect, f"the command has {match[0].strip()}")
    return None


def _by_variables(environment: Mapping[str, str]) -> Choice | None:
    for _, dialect in _VARIABLES:
        name = _first_variable(environment, dialect)
        if name is not None:
            return Choice(dialect, f"{name} is set")
    if environment.get("KAFKA_ZOOKEEPER_CONNECT") and not environment.get("KAFKA_PROCESS_ROLES"):
        return Choice(Dialect.CONFLUENT, "KAFKA_ZOOKEEPER_CONNECT is set without KAFKA_PROCESS_ROLES")
    return None


def _first_variable(environment: Mapping[str, str], dialect: Dialect) -> str | None:
    patterns = [pattern for pattern, each in _VARIABLES if each is dialect]
    return next(
        (name for name in sorted(environment) if any(each.fullmatch(name) for each in patterns)), None
    )


def _by_mounts(environment: Mapping[str, str], mounts: tuple[Mount, ...]) -> Choice | None:
    for path, dialect in _MOUNTS:
        if mounted_within(mounts, path):
            return Choice(dialect, f"something is mounted in {path}")
    # Without a cluster id cp-kafka does not start, so such a file can only be one for apache/kafka.
    if (
        mounted_within(mounts, CONFLUENT_DATA)
        and environment.get("CLUSTER_ID")
        and not environment.get("KAFKA_LOG_DIRS")
    ):
        return Choice(Dialect.CONFLUENT, f"{CONFLUENT_DATA} is mounted and KAFKA_LOG_DIRS is not set")
    return None
