"""Waiting for brokers, with a listener that answers as one: the tests with real brokers are in `tests/tools`."""

from typing import Self

import pytest
from tests.support.ports import free_port

from ottla.cli import kafka_ready
from ottla.cli.kafka_ready import Wish, wait_for_brokers
from ottla.client.failures import RequestTimeoutError
from ottla.protocol.messages.describe_cluster import DescribeClusterBroker, DescribeClusterResponse

BROKER = DescribeClusterBroker(broker_id=1, host="localhost", port=9092, is_fenced=False)


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (Wish(1, 1, zookeeper="zoo:2181"), "ZooKeeper is gone"),
        (Wish(1, 1, "a:1", security_protocol="SSL"), "config is required for all protocols except PLAINTEXT"),
        (Wish(1, 1), "Bootstrap servers should be provided through config or bootstrap_servers"),
        (
            Wish(1, 1, "a:1", config="/nonexistent/client.properties"),
            "/nonexistent/client.properties: No such file",
        ),
        (Wish(1, 1, "nonsense"), "Invalid url in bootstrap.servers: nonsense"),
    ],
)
def test_what_cannot_be_waited_for_is_said_at_once(
    wish: Wish, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not wait_for_brokers(wish)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err


class Cluster:
    """A cluster of which each question has an answer prepared."""

    def __init__(self, answers: list[list[DescribeClusterBroker] | Exception]) -> None:
        self.answers = answers

    def __call__(self, _config: object) -> Self:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def describe_cluster(self, *, timeout_s: float) -> DescribeClusterResponse:
        assert timeout_s > 0
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return DescribeClusterResponse(brokers=answer)


def test_it_asks_again_until_there_are_enough(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = DescribeClusterBroker(broker_id=2, host="localhost", port=9094, is_fenced=False)
    cluster = Cluster([RequestTimeoutError("late"), [BROKER], [BROKER, other]])
    monkeypatch.setattr(kafka_ready, "Cluster", cluster)
    monkeypatch.setattr(kafka_ready, "PAUSE_S", 0.0)
    assert wait_for_brokers(Wish(2, 30, "localhost:9092"))
    assert not cluster.answers
    error = capsys.readouterr().err
    assert "Error while getting broker list." in error
    assert "Expected 2 brokers but found only 1. Trying to query Kafka for metadata again ..." in error


def test_in_the_end_it_says_what_it_has_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert not wait_for_brokers(Wish(1, 0.05, f"localhost:{free_port()}"))
    assert "Expected 1 brokers but found only 0. Brokers found []. (io.confluent" in capsys.readouterr().err
