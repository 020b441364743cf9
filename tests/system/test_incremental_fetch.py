"""Incremental fetch sessions (KIP-227), seen on the wire: idle partitions cost nothing to ask for again."""

import pytest

from tests.peers.tools import KafkaTools
from tests.support.ports import free_port
from tests.support.wire_tap import TappedFetch, WireTap
from tests.system.conftest import StartBroker

pytestmark = pytest.mark.java

PARTITION_COUNT = 100
WAIT_S = 30.0
# A request that names no partition: header, limits, session, and two empty lists.
LARGEST_EMPTY_REQUEST_BYTES = 100


def is_idle_round(fetch: TappedFetch) -> bool:
    return fetch.session_epoch > 0 and fetch.topic_count == 0 and fetch.response_topic_count == 0


def test_a_consumer_of_idle_partitions_asks_with_empty_requests(
    start_broker: StartBroker, kafka_tools: KafkaTools, name: str
) -> None:
    broker_port, controller_port, tapped_port = free_port(), free_port(), free_port()
    with WireTap(tapped_port) as tap:
        listeners = [f"PLAINTEXT://localhost:{broker_port}", f"TAPPED://localhost:{tapped_port}"]
        broker = start_broker(
            {
                "listeners": ",".join([*listeners, f"CONTROLLER://localhost:{controller_port}"]),
                "advertised.listeners": f"{listeners[0]},TAPPED://localhost:{tap.port}",
                "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,TAPPED:PLAINTEXT,CONTROLLER:PLAINTEXT",
                "inter.broker.listener.name": "PLAINTEXT",
                "controller.quorum.voters": f"1@localhost:{controller_port}",
            }
        )
        direct = ["--bootstrap-server", f"localhost:{broker_port}", "--topic", name]
        kafka_tools.run("TopicCommand", [*direct, "--create", "--partitions", str(PARTITION_COUNT)]).checked()

        tapped = ["--bootstrap-server", f"localhost:{tap.port}", "--topic", name, "--from-beginning"]
        tapped += ["--consumer-property", "fetch.max.wait.ms=100"]
        with kafka_tools.start("ConsoleConsumer", tapped) as consumer:
            fetches = tap.wait_until(lambda seen: sum(map(is_idle_round, seen)) >= 5, WAIT_S)
            idle_before = len(fetches)
            kafka_tools.run("ConsoleProducer", direct, stdin="news\n").checked()
            consumer.wait_for_output("news\n")
            after = tap.wait_until(lambda seen: sum(map(is_idle_round, seen[idle_before:])) >= 5, WAIT_S)
            assert consumer.interrupt().stdout == "news\n"
        assert broker.running

    opening = fetches[0]
    assert (opening.session_id, opening.session_epoch, opening.topic_count) == (0, 0, 1)
    assert opening.response_session_id != 0
    idle = [fetch for fetch in after if is_idle_round(fetch)]
    assert {fetch.session_id for fetch in idle} == {opening.response_session_id}
    assert max(fetch.request_size_bytes for fetch in idle) <= LARGEST_EMPTY_REQUEST_BYTES
    assert sum(fetch.session_epoch == 0 for fetch in after) == 1
    news = [fetch for fetch in after[idle_before:] if fetch.response_topic_count > 0]
    assert len(news) == 1
