"""BROKER_LOGGER, the resource that is no configuration: the levels of this process's loggers (KIP-412, facts 6.2).

They are described and changed beside the metadata, at once, and forgotten when the process ends.
"""

from __future__ import annotations

import logging

from ottla.config.alterations import AlterOperation, check_alterations
from ottla.config.describe import ConfigEntry, ConfigSource
from ottla.config.option import OptionType
from ottla.errors import ErrorCode, KafkaError
from ottla.metadata.node_names import node_number
from ottla.protocol.messages.incremental_alter_configs import AlterConfigsResource
from ottla.telemetry.running_levels import ROOT, SETTABLE_LEVELS, RunningLevels

logger = logging.getLogger("kafka.server.ConfigAdminManager")


def describe_loggers(levels: RunningLevels) -> list[ConfigEntry]:
    """Describe every logger by the level that it has, whoever set it."""
    return [
        ConfigEntry(
            name=name,
            value=level,
            read_only=False,
            source=ConfigSource.DYNAMIC_BROKER_LOGGER,
            sensitive=False,
            synonyms=(),
            type=OptionType.UNKNOWN,
            documentation="",
        )
        for name, level in levels.by_logger().items()
    ]


def alter_loggers(
    levels: RunningLevels, resource: AlterConfigsResource, node_id: int, *, validate_only: bool
) -> None:
    """Change the levels of this node's loggers: all of those that are named, or none.

    Raises KafkaError INVALID_REQUEST for another node and for an operation that levels do not have, INVALID_CONFIG for
    a logger or a level that there is not, and UNKNOWN_SERVER_ERROR for an operation that there is not.
    """
    changes = [(entry.name, entry.config_operation, entry.value) for entry in resource.configs]
    check_alterations(changes)
    number = node_number(resource.resource_name, "Node id")
    if number != node_id:
        raise _invalid_request(f"Unexpected node id. Expected {node_id}, but received {number}")
    wanted = {name: _wanted_level(levels, name, operation, value) for name, operation, value in changes}
    if validate_only:
        return
    levels.change(wanted)
    for name, level in wanted.items():
        if level is None:
            logger.warning("Unset the log level of %s", name)
        else:
            logger.warning("Updated the log level of %s to %s", name, level)


def _wanted_level(levels: RunningLevels, name: str, operation: int, value: str | None) -> str | None:
    """Return the level that a logger is to have, None for that of the one above it. Raises KafkaError."""
    if operation in (AlterOperation.APPEND, AlterOperation.SUBTRACT):
        word = AlterOperation(operation).name
        raise _invalid_request(f"{word} operation is not allowed for the BROKER_LOGGER resource")
    if operation not in (AlterOperation.SET, AlterOperation.DELETE):
        # Kafka trips over a number that it does not know here, and gives no text.
        raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR)
    if not levels.has(name):
        raise KafkaError(ErrorCode.INVALID_CONFIG, f"Logger {name} does not exist!")
    if operation == AlterOperation.DELETE:
        if name == ROOT:
            raise _invalid_request(f"Removing the log level of the {ROOT} logger is not allowed")
        return None
    if value not in SETTABLE_LEVELS:
        raise KafkaError(
            ErrorCode.INVALID_CONFIG,
            f"Cannot set the log level of {name} to {value} as it is not a supported log level. "
            f"Valid log levels are {', '.join(SETTABLE_LEVELS)}",
        )
    return value


def _invalid_request(message: str) -> KafkaError:
    return KafkaError(ErrorCode.INVALID_REQUEST, message)
