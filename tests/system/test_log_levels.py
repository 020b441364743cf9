"""Levels from each of the places where they can be set, seen in the lines of a real broker."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from ottla.config.alterations import AlterOperation
from ottla.metadata.aspects.configs import ResourceType
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.heartbeat import HeartbeatRequest
from ottla.protocol.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
)
from ottla.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic
from tests.support.broker_process import BrokerSettings, RunningBroker, ottla_command, ottla_environment
from tests.support.raw_client import CLIENT_ID, RawClient
from tests.support.waiting import eventually

WAIT_S = 30.0

StartLogged = Callable[..., RunningBroker]

LINE = re.compile(
    r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\] (?P<level>[A-Z]+) (?P<text>.*) \((?P<logger>[\w.]+)\)"
)


@pytest.fixture(autouse=True)
def _only_ottla(broker_kind: str) -> None:
    if broker_kind != "ottla":
        pytest.skip("these are Ottla's own words")


@pytest.fixture
def start_logged(tmp_path: Path) -> Iterator[StartLogged]:
    """Give a function that starts a broker with levels from the file, the environment and the command line."""
    started: list[RunningBroker] = []

    def start(file: str = "", environment: Mapping[str, str] | None = None, *arguments: str) -> RunningBroker:
        settings = BrokerSettings(
            tmp_path / "data", tmp_path, properties={"ottla.log.level": file} if file else {}
        )
        broker = RunningBroker(
            "ottla",
            settings,
            lambda settings: [*ottla_command(settings), *arguments],
            {**ottla_environment(), **(environment or {})},
        )
        started.append(broker)
        broker.start()
        return broker

    yield start
    for broker in started:
        if broker.running:
            broker.stop()


def lines_of(broker: RunningBroker) -> list[dict[str, str]]:
    """Return the log lines of a broker that has ended, taken apart; the greeting is none."""
    return [found.groupdict() for line in broker.log_lines() if (found := LINE.fullmatch(line))]


def use(broker: RunningBroker) -> None:
    """Have a topic made, a request answered, and the broker stopped."""
    with RawClient(broker.port) as client:
        wanted = MetadataRequest(topics=[MetadataRequestTopic(name="t")], allow_auto_topic_creation=True)
        eventually(lambda: client.ask(ApiKey.METADATA, 12, wanted).topics[0].error_code == 0)
        client.ask(ApiKey.HEARTBEAT, 4, HeartbeatRequest(group_id="g", member_id="m"))
    broker.stop()


def test_by_default_info_is_shown_and_no_request(start_logged: StartLogged) -> None:
    broker = start_logged()
    use(broker)
    lines = lines_of(broker)
    # The warning is about options that the fixture sets and that have no effect.
    assert {(line["level"], line["logger"]) for line in lines if line["level"] != "INFO"} == {
        ("WARN", "kafka.server.KafkaConfig")
    }
    assert any(line["logger"].startswith("kafka.network") for line in lines)
    told = [line["text"] for line in lines if line["logger"] == "ottla.controller"]
    assert told == ["Created 1 topic: t with 1 partition"]


def test_the_environment_of_kafkas_images_is_honoured(start_logged: StartLogged) -> None:
    broker = start_logged(
        environment={
            "KAFKA_LOG4J_ROOT_LOGLEVEL": "INFO",
            "KAFKA_LOG4J_LOGGERS": "state.change.logger=DEBUG,kafka.network=WARN,org.reflections=ERROR",
        }
    )
    use(broker)
    lines = lines_of(broker)
    assert ("WARN", "Nothing here logs under these names: org.reflections") in [
        (line["level"], line["text"]) for line in lines
    ]
    changes = [line["text"] for line in lines if line["logger"] == "state.change.logger"]
    assert "Leader t-0 starts at leader epoch 0 from offset 0" in changes
    assert not [line for line in lines if line["logger"].startswith("kafka.network")]


def test_the_request_logger_tells_of_every_request(start_logged: StartLogged) -> None:
    broker = start_logged("kafka.request.logger=TRACE")
    use(broker)
    told = [line for line in lines_of(broker) if line["logger"] == "kafka.request.logger"]
    handled, answered, completed = told[-3:]
    assert [line["level"] for line in told[-3:]] == ["TRACE", "TRACE", "DEBUG"]
    assert handled["text"].startswith("Handling HEARTBEAT v4: HeartbeatRequest(group_id='g'")
    assert "error_code=<ErrorCode.NOT_COORDINATOR: 16>" in answered["text"]
    assert re.fullmatch(
        rf"Completed request: HEARTBEAT v4, correlation id \d+, client '{CLIENT_ID}' from /127\.0\.0\.1 on "
        r"PLAINTEXT, \d+ bytes in, answer \d+ bytes, totalTimeMs [\d.]+, localTimeMs [\d.]+",
        completed["text"],
    )


def test_the_command_line_goes_over_all(start_logged: StartLogged) -> None:
    broker = start_logged(
        "DEBUG",
        {"KAFKA_LOG4J_ROOT_LOGLEVEL": "TRACE"},
        "--log-level",
        "WARN,kafka.server=INFO",
    )
    use(broker)
    assert {line["logger"].rpartition(".")[0] for line in lines_of(broker)} <= {"kafka.server", "ottla"}


def test_a_client_changes_levels_while_the_broker_runs(start_logged: StartLogged) -> None:
    broker = start_logged()
    with RawClient(broker.port) as client:

        def change(name: str, operation: AlterOperation, level: str | None) -> None:
            configs = [AlterableConfig(name=name, config_operation=operation, value=level)]
            resource = AlterConfigsResource(
                resource_type=ResourceType.BROKER_LOGGER, resource_name="1", configs=configs
            )
            response = client.ask(
                ApiKey.INCREMENTAL_ALTER_CONFIGS, 1, IncrementalAlterConfigsRequest(resources=[resource])
            )
            assert [(each.error_code, each.error_message) for each in response.responses] == [(0, None)]

        heartbeat = HeartbeatRequest(group_id="g", member_id="m")
        with RawClient(broker.port) as older:
            older.ask(ApiKey.HEARTBEAT, 4, heartbeat)
            change("kafka.request.logger", AlterOperation.SET, "DEBUG")
            older.ask(ApiKey.HEARTBEAT, 4, heartbeat)
            change("kafka.request.logger", AlterOperation.DELETE, None)
            older.ask(ApiKey.HEARTBEAT, 4, heartbeat)
        change("org.apache.kafka.controller", AlterOperation.SET, "WARN")
    use(broker)
    lines = lines_of(broker)
    told = [line["text"] for line in lines if line["logger"] == "kafka.request.logger"]
    assert len(told) == 1
    assert told[0].startswith("Completed request: HEARTBEAT v4")
    assert not [line for line in lines if line["logger"] == "ottla.controller"]
