"""What a broker in this process says of itself, and how a scrape is made."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from tests.support.live_broker import LiveBroker
from tests.support.partitions import ManualLoop
from tests.support.scrape import Scrape, collected, scrape

from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.heartbeat import HeartbeatRequest
from ottla.server.metrics import ProcessCollector, RequestCollector, Scraper
from ottla.telemetry.metric_table import METRICS
from ottla.telemetry.metrics import RequestCounters
from ottla.telemetry.prometheus import SLICE_LINES, Family, Reading

GAUGE = METRICS["kafka_topic_partitions"]


class Many:
    """A collector of more than one slice, which counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def families(self) -> Iterator[Family]:
        self.asked += 1
        yield GAUGE, (Reading((str(number),), number) for number in range(2 * SLICE_LINES))


class Broken:
    def families(self) -> Iterator[Family]:
        raise ValueError("a bug")
        yield


def test_a_scrape_is_made_in_slices_between_which_others_have_their_turn() -> None:
    loop = ManualLoop()
    scraped = Scraper([Many()], cast("Any", loop)).scrape()
    turns = 0
    while not scraped.done:
        turns += 1
        due, loop.soon = loop.soon, []
        assert len(due) == 1
        due[0]()
    assert turns == 3  # the second slice, the lag that the slices met, and the end
    assert (Scrape(scraped.result().decode()).value("ottla_event_loop_lag_seconds") or 0) > 0
    assert len(Scrape(scraped.result().decode()).values(GAUGE.name, "topic")) == 2 * SLICE_LINES


def test_those_who_ask_meanwhile_get_the_same_text_and_later_ones_a_new_one() -> None:
    loop = ManualLoop()
    many = Many()
    scraper = Scraper([many], cast("Any", loop))
    first = scraper.scrape()
    assert scraper.scrape() is first
    loop.turn()
    assert first.done
    assert many.asked == 1
    scraper.scrape()
    loop.turn()
    assert many.asked == 2


def test_a_bug_costs_the_scrape_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    loop = ManualLoop()
    scraper = Scraper([Broken()], cast("Any", loop))
    for _ in range(2):
        scraped = scraper.scrape()
        loop.turn()
        assert isinstance(scraped.error, ValueError)
    assert caplog.messages == ["The metrics could not be read"] * 2


def test_the_process_tells_its_memory_its_time_and_its_versions() -> None:
    said = collected([ProcessCollector(started_ms=1_700_000_000_500)])
    assert said.value("process_start_time_seconds") == 1_700_000_000.5
    assert 0 < (said.value("process_cpu_seconds_total") or 0) <= time.process_time()
    if Path("/proc/self/statm").exists():
        assert (said.value("process_resident_memory_bytes") or 0) > 1_000_000
    assert len(said.values("ottla_build_info", "version", "kafka_version", "python_version")) == 1


def test_requests_are_told_by_the_names_of_apis_and_errors() -> None:
    counters = RequestCounters(refused=2)
    api = counters.of_api(ApiKey.JOIN_GROUP)
    api.requests = 3
    api.errors[ErrorCode.UNKNOWN_MEMBER_ID] = 2
    api.total.add(0.002)
    said = collected([RequestCollector(counters)])
    assert said.value("kafka_network_requestmetrics_requests_total", request="JoinGroup") == 3
    assert said.values("kafka_network_requestmetrics_errors_total", "request", "error") == {
        ("JoinGroup", "UNKNOWN_MEMBER_ID"): 2
    }
    assert said.value("ottla_request_duration_seconds_count", request="JoinGroup") == 1
    assert said.value("ottla_requests_refused_total") == 2


def test_a_broker_serves_every_metric_of_the_table_and_no_other(tmp_path: Path) -> None:
    with LiveBroker(tmp_path, properties={"ottla.metrics.port": "0"}) as live, live.client() as client:
        metrics = live.broker._metrics
        assert metrics is not None
        client.ask(ApiKey.HEARTBEAT, 4, HeartbeatRequest(group_id="g", member_id="m"))
        said = scrape(metrics.port)
        assert said.value("kafka_server_socket_server_metrics_connection_count", listener="PLAINTEXT") == 1
        assert said.value("kafka_controller_kafkacontroller_activecontrollercount") == 1
        assert said.names() <= METRICS.keys()
        without_series = METRICS.keys() - said.names()
    by_topic_or_group = {name for name in METRICS if {"topic", "consumergroup"} & {*METRICS[name].labels}}
    assert without_series <= by_topic_or_group | {"process_resident_memory_bytes"}


def test_a_broker_that_is_not_measured_has_nothing_of_it(tmp_path: Path) -> None:
    with LiveBroker(tmp_path) as live:
        assert live.broker._metrics is None
        sinks = [each._sink for each in live.broker._sockets.listeners.values()]
        assert {type(sink).__name__ for sink in sinks} == {"Dispatcher"}


def test_the_port_follows_the_first_listener_unless_a_host_is_given(tmp_path: Path) -> None:
    cases: list[tuple[dict[str, str], str]] = [
        ({}, "127.0.0.1"),
        ({"ottla.metrics.host": ""}, "0.0.0.0"),
    ]
    for number, (properties, address) in enumerate(cases):
        with LiveBroker(tmp_path / str(number), properties={"ottla.metrics.port": "0", **properties}) as live:
            metrics = live.broker._metrics
            assert metrics is not None
            assert metrics._endpoint._listening[0].getsockname()[0] == address
