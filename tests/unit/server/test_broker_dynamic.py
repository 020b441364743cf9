"""Options that a whole broker goes by while it serves, seen by its clients; each comes through the image."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.live_broker import LiveBroker
from tests.support.plain_client import PlainClient
from tests.support.waiting import eventually

from ottla.clock import SystemClock
from ottla.errors import ErrorCode
from ottla.metadata.aspects.features import LATEST_METADATA_VERSION
from ottla.metadata.formatting import FILE_NAME, default_bootstrap_records
from ottla.metadata.image import apply_records
from ottla.metadata.records import ConfigRecord
from ottla.metadata.snapshot import encode_snapshot
from ottla.partitions.log_recovery import LogRecovery, usable_processors
from ottla.server import broker as broker_module
from ottla.server.listener import Listener
from ottla.storage.files import FileSystem
from ottla.storage.log_dirs import MetaProperties, write_meta_properties
from ottla.types import random_uuid


def record(name: str, value: str | None, resource_name: str = "") -> ConfigRecord:
    return ConfigRecord(resource_type=4, resource_name=resource_name, name=name, value=value)


def set_option(live: LiveBroker, name: str, value: str | None, resource_name: str = "") -> None:
    """Publish an image in which a dynamic option is set, as the controller does after a request."""

    def publish() -> None:
        publisher = live.broker._publisher
        publisher.publish(*apply_records(publisher.image, [record(name, value, resource_name)]))

    live.call(publish)


def format_with(directory: Path, *settings: ConfigRecord) -> None:
    """Make a data directory in whose metadata dynamic options are set."""
    now_ms = SystemClock().now_ms()
    content = encode_snapshot(
        [*default_bootstrap_records(), *settings],
        metadata_version=LATEST_METADATA_VERSION,
        epoch=0,
        last_contained_timestamp_ms=0,
        now_ms=now_ms,
    )
    (directory / FILE_NAME).write_bytes(content)
    write_meta_properties(FileSystem(), directory, MetaProperties("cluster", 1, random_uuid()))


def is_served(client: PlainClient) -> bool:
    """Ask something and get an answer."""
    return client.metadata_codes("no-such-topic") == []


def is_closed(client: PlainClient) -> bool:
    """Wait for the broker to close a connection."""
    try:
        return client.socket.recv(1) == b""
    except ConnectionResetError:
        return True


def listener_of(live: LiveBroker) -> Listener:
    return live.broker._sockets.listeners["PLAINTEXT"]


def let_time_pass(live: LiveBroker) -> None:
    """Return once the loop's clock, which counts milliseconds, has gone on."""
    before = live.call(live._loop.time)
    eventually(lambda: live.call(live._loop.time) > before)


def test_an_option_that_is_set_holds_for_the_next_request(tmp_path: Path) -> None:
    with LiveBroker(tmp_path) as live, live.client() as client:
        client.create_topic("t")
        assert client.produce("t", bytes(200)).error_code == ErrorCode.NONE
        set_option(live, "message.max.bytes", "100", "1")
        assert client.produce("t", bytes(200)).error_code == ErrorCode.MESSAGE_TOO_LARGE
        set_option(live, "message.max.bytes", None, "1")
        assert client.produce("t", bytes(200)).error_code == ErrorCode.NONE
        assert live.bugs.lines == []


def test_fewer_max_connections_close_the_longest_idle_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ottla.server.sockets.CLOSES_A_TURN", 1)
    with LiveBroker(tmp_path) as live:
        clients = [live.client() for _ in range(4)]
        for client in clients:
            assert is_served(client)
            let_time_pass(live)
        set_option(live, "max.connections", "2")
        assert all(map(is_closed, clients[:2]))
        assert all(map(is_served, clients[2:]))
        waiting = live.client()
        clients[3].close()
        assert is_served(waiting)
        for client in (*clients, waiting):
            client.close()


def test_more_max_connections_let_those_in_who_wait(tmp_path: Path) -> None:
    with LiveBroker(tmp_path, properties={"max.connections": "1"}) as live:
        first, second = live.client(), live.client()
        assert is_served(first)
        assert listener_of(live).connection_count == 1
        set_option(live, "max.connections", "2")
        assert is_served(second)
        first.close()
        second.close()


def test_max_connections_per_ip_is_for_those_who_come(tmp_path: Path) -> None:
    with LiveBroker(tmp_path) as live:
        kept = [live.client() for _ in range(2)]
        assert all(map(is_served, kept))
        set_option(live, "max.connections.per.ip", "1")
        with live.client() as refused:
            assert is_closed(refused)
        assert all(map(is_served, kept))
        set_option(live, "max.connections.per.ip", "3")
        with live.client() as third:
            assert is_served(third)
        for client in kept:
            client.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_an_address_gets_a_bound_of_its_own(tmp_path: Path, host: str) -> None:
    with LiveBroker(tmp_path) as live, live.client() as kept:
        assert is_served(kept)
        set_option(live, "max.connections.per.ip.overrides", f"{host}:1")
        eventually(lambda: listener_of(live)._count.limit_for("127.0.0.1") == 1)
        with live.client() as refused:
            assert is_closed(refused)
        set_option(live, "max.connections.per.ip.overrides", None)
        with live.client() as again:
            assert is_served(again)


def test_the_rate_of_new_connections(tmp_path: Path) -> None:
    # Two samples of a second: what comes after a rest may be as many as one second's.
    with LiveBroker(tmp_path, properties={"quota.window.num": "2"}) as live:
        set_option(live, "max.connection.creation.rate", "1")
        listener = listener_of(live)
        clients = [live.client() for _ in range(2)]
        eventually(lambda: live.call(lambda: listener._held is not None))
        assert live.call(lambda: listener.accepted) == 1
        assert all(map(is_served, clients))
        assert live.call(lambda: listener._held) is None
        set_option(live, "max.connection.creation.rate", None)
        clients += [live.client() for _ in range(5)]
        assert all(map(is_served, clients))
        for client in clients:
            client.close()


def test_num_recovery_threads_per_data_dir_counts_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    class SeenRecovery(LogRecovery):
        def __init__(self, *arguments: object, **options: object) -> None:
            super().__init__(*arguments, **options)  # type: ignore[arg-type]
            seen.append(self._at_once)

    monkeypatch.setattr(broker_module, "LogRecovery", SeenRecovery)
    set_for_all, unset = tmp_path / "set", tmp_path / "unset"
    for directory in (set_for_all, unset):
        directory.mkdir()
    format_with(set_for_all, record("num.recovery.threads.per.data.dir", "1"))
    for directory in (set_for_all, unset):
        with LiveBroker(directory):
            pass
    assert seen == [1, min(2, usable_processors())]


def test_what_is_set_in_the_metadata_holds_from_the_start_and_never_keeps_a_broker_from_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    format_with(
        tmp_path,
        record("max.connections.per.ip", "1"),
        record("max.connections.per.ip.overrides", "a..b:5"),
        record("listeners", "PLAINTEXT://127.0.0.1:1", "1"),
        record("log.segment.bytes", "1"),
    )
    with LiveBroker(tmp_path) as live, live.client() as client:
        assert is_served(client)
        with live.client() as refused:
            assert is_closed(refused)
        eventually(lambda: "a..b does not resolve" in caplog.text)
        assert live.bugs.lines == []
    assert "listeners, which is set for broker 1, has no effect" in caplog.text
    assert "log.segment.bytes, which is set for all brokers, has no effect: Invalid value 1" in caplog.text


def test_the_listener_between_brokers_lets_everybody_in_and_the_others_make_room(tmp_path: Path) -> None:
    properties = {
        "listeners": "INSIDE://127.0.0.1:0,PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0",
        "listener.security.protocol.map": "INSIDE:PLAINTEXT,PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "INSIDE",
        "max.connections": "1",
    }
    with LiveBroker(tmp_path, properties=properties) as live:
        outside = live.client()
        assert is_served(outside)
        inside = [PlainClient(live.broker.port("INSIDE")) for _ in range(2)]
        assert all(map(is_served, inside))
        assert is_closed(outside)
        set_option(live, "max.connection.creation.rate", "0")
        inside.append(PlainClient(live.broker.port("INSIDE")))
        assert all(map(is_served, inside))
        for client in (outside, *inside):
            client.close()
