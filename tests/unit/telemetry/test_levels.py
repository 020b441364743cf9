import re

import pytest

from ottla.telemetry.levels import LogLevels, resolve_levels

REQUESTS_ARE_QUIET = {"kafka.request.logger": "WARN"}


def levels_of(*arguments: str) -> dict[str, str]:
    return dict(resolve_levels((), {}, arguments).loggers)


def test_nothing_asked_is_info() -> None:
    assert resolve_levels((), {}, ()) == LogLevels("INFO", REQUESTS_ARE_QUIET, ())


def test_a_level_alone_is_the_roots_and_one_with_a_name_that_loggers() -> None:
    levels = resolve_levels((), {}, ("DEBUG", "ottla.groups=TRACE"))
    assert levels == LogLevels("DEBUG", {**REQUESTS_ARE_QUIET, "ottla.groups": "TRACE"}, ())
    assert resolve_levels((), {}, ("root=error",)).root == "error"


def test_several_may_stand_in_one_argument() -> None:
    levels = resolve_levels((), {}, ("WARN, ottla.groups=TRACE,ottla.storage.segment=DEBUG",))
    assert levels.root == "WARN"
    assert levels.loggers == {
        **REQUESTS_ARE_QUIET,
        "ottla.groups": "TRACE",
        "ottla.storage.segment": "DEBUG",
    }


def test_the_command_line_goes_over_the_environment_and_that_over_the_file_by_logger() -> None:
    environment = {
        "KAFKA_LOG4J_ROOT_LOGLEVEL": "WARN",
        "KAFKA_LOG4J_LOGGERS": "ottla.groups=DEBUG,ottla.storage=DEBUG",
    }
    levels = resolve_levels(
        ("ERROR", "ottla.groups=INFO", "ottla.tasks=INFO"), environment, ("ottla.storage=OFF",)
    )
    assert levels.root == "WARN"
    assert levels.loggers == {
        **REQUESTS_ARE_QUIET,
        "ottla.groups": "DEBUG",
        "ottla.storage": "OFF",
        "ottla.tasks": "INFO",
    }


def test_empty_variables_as_compose_files_have_them_say_nothing() -> None:
    environment = {"KAFKA_LOG4J_ROOT_LOGLEVEL": "", "KAFKA_LOG4J_LOGGERS": " , "}
    assert resolve_levels((), environment, ()) == resolve_levels((), {}, ())


@pytest.mark.parametrize(
    ("kafka_name", "reached"),
    [
        ("org.apache.kafka.coordinator.group", {"ottla.groups"}),
        ("org.apache.kafka.controller", {"ottla.controller"}),
        ("kafka.controller", {"ottla.controller"}),
        (
            "kafka.server",
            {
                "ottla.handlers",
                "ottla.metrics",
                "ottla.partitions",
                "ottla.processes",
                "ottla.server",
                "ottla.tasks",
            },
        ),
        ("kafka.server.ReplicaManager", {"ottla.partitions"}),
        ("state.change.logger", set()),
        ("kafka.network.SocketServer", set()),
    ],
)
def test_kafkas_names_reach_the_same_part_here(kafka_name: str, reached: set[str]) -> None:
    levels = levels_of(f"{kafka_name}=DEBUG")
    assert {name for name, level in levels.items() if level == "DEBUG"} - {kafka_name} == reached
    assert resolve_levels((), {}, (f"{kafka_name}=DEBUG",)).warnings == ()


def test_the_nearest_name_counts_and_an_own_name_goes_before_kafkas() -> None:
    levels = levels_of("kafka=WARN", "kafka.server.ReplicaManager=TRACE", "ottla.groups=INFO")
    assert levels["ottla.partitions"] == "TRACE"
    assert levels["ottla.storage"] == "WARN"
    assert levels["ottla.groups"] == "INFO"
    assert levels["kafka"] == "WARN"


def test_requests_are_logged_only_where_their_logger_is_named() -> None:
    assert levels_of("TRACE", "kafka=TRACE")["kafka.request.logger"] == "WARN"
    assert levels_of("kafka.request.logger=DEBUG")["kafka.request.logger"] == "DEBUG"
    assert levels_of("kafka.network.RequestChannel$=TRACE")["kafka.request.logger"] == "TRACE"


def test_a_name_of_kafkas_without_a_part_here_is_one_warning() -> None:
    environment = {
        "KAFKA_LOG4J_LOGGERS": "kafka.authorizer.logger=WARN,org.reflections=ERROR,kafka.controller=TRACE"
    }
    levels = resolve_levels((), environment, ("kafka.producer.async=DEBUG",))
    assert levels.warnings == (
        "Nothing here logs under these names: kafka.authorizer.logger, kafka.producer.async, org.reflections",
    )
    assert levels.loggers["ottla.controller"] == "TRACE"


@pytest.mark.parametrize(
    ("file_items", "environment", "arguments", "text"),
    [
        (("LOUD",), {}, (), "ottla.log.level LOUD: 'LOUD' is no log level; there are OFF, FATAL"),
        ((), {"KAFKA_LOG4J_ROOT_LOGLEVEL": "x"}, (), "KAFKA_LOG4J_ROOT_LOGLEVEL root=x: 'x' is no log level"),
        ((), {"KAFKA_LOG4J_LOGGERS": "kafka=x"}, (), "KAFKA_LOG4J_LOGGERS kafka=x: 'x' is no log level"),
        ((), {"KAFKA_LOG4J_LOGGERS": "kafka"}, (), "KAFKA_LOG4J_LOGGERS kafka: 'kafka' is no log level"),
        ((), {}, ("=DEBUG",), "--log-level =DEBUG: expected LEVEL or logger=LEVEL"),
        ((), {}, ("otla.groups=DEBUG",), "there is no logger 'otla.groups'; there are kafka.network,"),
        ((), {}, ("ottla.group=DEBUG",), "there is no logger 'ottla.group'"),
        ((), {"KAFKA_LOG4J_LOGGERS": "ottla.group=INFO"}, (), "there is no logger 'ottla.group'"),
    ],
)
def test_a_mistake_is_refused_with_its_place(
    file_items: tuple[str, ...], environment: dict[str, str], arguments: tuple[str, ...], text: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        resolve_levels(file_items, environment, arguments)
