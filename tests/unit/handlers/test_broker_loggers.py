import logging
from collections.abc import Iterator

import pytest

from ottla.config.alterations import AlterOperation
from ottla.config.describe import ConfigSource
from ottla.errors import ErrorCode, KafkaError
from ottla.handlers.broker_loggers import alter_loggers, describe_loggers
from ottla.protocol.messages.incremental_alter_configs import AlterableConfig, AlterConfigsResource
from ottla.telemetry.running_levels import RunningLevels

SET, DELETE, APPEND, SUBTRACT = AlterOperation
NODE_ID = 1


@pytest.fixture
def levels() -> Iterator[RunningLevels]:
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.INFO)
    yield RunningLevels()
    RunningLevels({"ottla.groups": "INFO", "ottla.storage": "INFO"}).change(
        {"ottla.groups": None, "ottla.storage": None}
    )
    root.setLevel(before)


def alter(
    levels: RunningLevels,
    *changes: tuple[str, int, str | None],
    node: str = "1",
    validate_only: bool = False,
) -> None:
    configs = [
        AlterableConfig(name=name, config_operation=operation, value=value)
        for name, operation, value in changes
    ]
    resource = AlterConfigsResource(resource_type=8, resource_name=node, configs=configs)
    alter_loggers(levels, resource, NODE_ID, validate_only=validate_only)


def told(levels: RunningLevels, name: str) -> str | None:
    (entry,) = [entry for entry in describe_loggers(levels) if entry.name == name]
    assert (entry.source, entry.read_only, entry.synonyms) == (ConfigSource.DYNAMIC_BROKER_LOGGER, False, ())
    return entry.value


def test_levels_are_set_and_taken_back(levels: RunningLevels) -> None:
    alter(levels, ("ottla.groups", SET, "DEBUG"), ("ottla.storage", SET, "WARN"))
    assert (told(levels, "ottla.groups"), told(levels, "ottla.storage")) == ("DEBUG", "WARN")
    alter(levels, ("ottla.groups", DELETE, None))
    assert (told(levels, "ottla.groups"), told(levels, "ottla.storage")) == ("INFO", "WARN")


def test_a_dry_run_changes_nothing(levels: RunningLevels) -> None:
    alter(levels, ("ottla.groups", SET, "DEBUG"), validate_only=True)
    assert told(levels, "ottla.groups") == "INFO"


@pytest.mark.parametrize(
    ("changes", "node", "code", "text"),
    [
        (
            [("ottla.groups", SET, "DEBUG")],
            "7",
            ErrorCode.INVALID_REQUEST,
            "Unexpected node id. Expected 1, but received 7",
        ),
        (
            [("ottla.groups", SET, "DEBUG")],
            "",
            ErrorCode.INVALID_REQUEST,
            "Node id must be an integer, but it is: ",
        ),
        (
            [("ottla.groups", SET, "DEBUG"), ("ottla.groups", DELETE, None)],
            "1",
            ErrorCode.INVALID_REQUEST,
            "Error due to duplicate config keys",
        ),
        (
            [("ottla.groups", SET, None)],
            "1",
            ErrorCode.INVALID_REQUEST,
            "Null value not supported for : ottla.groups",
        ),
        (
            [("ottla.groups", SET, "DEBUG"), ("no.such.logger", SET, "DEBUG")],
            "1",
            ErrorCode.INVALID_CONFIG,
            "Logger no.such.logger does not exist!",
        ),
        (
            [("no.such.logger", DELETE, None)],
            "1",
            ErrorCode.INVALID_CONFIG,
            "Logger no.such.logger does not exist!",
        ),
        (
            [("ottla.groups", SET, "debug")],
            "1",
            ErrorCode.INVALID_CONFIG,
            (
                "Cannot set the log level of ottla.groups to debug as it is not a supported log level. "
                "Valid log levels are DEBUG, ERROR, FATAL, INFO, TRACE, WARN"
            ),
        ),
        (
            [("root", DELETE, None)],
            "1",
            ErrorCode.INVALID_REQUEST,
            "Removing the log level of the root logger is not allowed",
        ),
        (
            [("ottla.groups", APPEND, "DEBUG")],
            "1",
            ErrorCode.INVALID_REQUEST,
            "APPEND operation is not allowed for the BROKER_LOGGER resource",
        ),
        (
            [("ottla.groups", SUBTRACT, "DEBUG")],
            "1",
            ErrorCode.INVALID_REQUEST,
            "SUBTRACT operation is not allowed for the BROKER_LOGGER resource",
        ),
        (
            [("ottla.groups", 9, "DEBUG")],
            "1",
            ErrorCode.UNKNOWN_SERVER_ERROR,
            None,
        ),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(
    levels: RunningLevels,
    changes: list[tuple[str, int, str | None]],
    node: str,
    code: ErrorCode,
    text: str | None,
) -> None:
    with pytest.raises(KafkaError) as caught:
        alter(levels, *changes, node=node)
    assert (caught.value.code, caught.value.message) == (code, text)
    assert told(levels, "ottla.groups") == "INFO"
