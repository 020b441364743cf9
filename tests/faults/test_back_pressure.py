"""Clients that send more than the disk takes, or take less than they ask for, wait themselves and cost little memory.

A connection that waits does not read, so what it holds then is all that it will ever hold: nothing here depends on how
long anything takes.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.benchmarks.processes import resident_mb
from tests.support.live_broker import LiveBroker
from tests.support.raw_client import RawClient
from tests.support.stalling_files import StallingFiles
from tests.support.waiting import eventually

from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.fetch import FetchPartition, FetchRequest, FetchTopic
from ottla.protocol.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from ottla.records.builder import NewRecord, build_batch
from ottla.server.connection import MAX_UNSENT_BYTES, Connection
from ottla.server.receiving import SHARED_BUFFER_BYTES
from ottla.storage.files import FileRange

PRODUCERS = 20
REQUESTS_OF_A_BURST = 100
BATCH_BYTES = 16 * 1024
SOCKET_BYTES = 64 * 1024
"""What the system may hold at each end of a connection: left alone, it would take a whole burst."""

SMALL_PRODUCERS = 300
RESIDENT_OF_A_SMALL_REQUEST = 64 * 1024
"""Some pages of the buffer that its bytes came in, its objects, and both ends of its socket, all in this process."""

READERS = 20
FETCHES_IN_FLIGHT = 200


@pytest.fixture
def files() -> StallingFiles:
    return StallingFiles()


@pytest.fixture
def live(tmp_path: Path, files: StallingFiles) -> Iterator[LiveBroker]:
    with LiveBroker(tmp_path, files, {"socket.receive.buffer.bytes": str(SOCKET_BYTES)}) as live:
        with live.client() as client:
            assert client.create_topic("orders") == ErrorCode.NONE
            assert client.create_topic("elsewhere") == ErrorCode.NONE
        yield live
    assert not live.bugs.lines


def produce_request(size_bytes: int) -> ProduceRequest:
    batch = bytes(build_batch([NewRecord(None, bytes(size_bytes))], now_ms=time.time_ns() // 1_000_000))
    data = PartitionProduceData(index=0, records=batch)
    return ProduceRequest(
        acks=-1, timeout_ms=30_000, topic_data=[TopicProduceData(name="orders", partition_data=[data])]
    )


def connections_of(live: LiveBroker, clients: Sequence[RawClient]) -> list[Connection]:
    """Return the broker's ends of the clients' connections."""
    ports = {client.socket.getsockname()[1] for client in clients}
    return live.call(
        lambda: [
            connection
            for connection in live.broker._sockets._listeners["PLAINTEXT"]._connections
            if connection._socket.getpeername()[1] in ports
        ]
    )


def all_of(live: LiveBroker, connections: Sequence[Connection], what: Callable[[Connection], bool]) -> bool:
    return live.call(lambda: all(map(what, connections)))


def wait_for_answers_unread(connection: Connection) -> bool:
    return connection._waits_for_answer and not connection._is_reading


def held_bytes(connection: Connection) -> int:
    """Return what of its client's bytes and of its answers a connection holds in memory."""
    unparsed = connection._unparsed
    partial = connection._partial
    pieces = connection._sending._pieces
    return (
        (0 if unparsed is None else len(unparsed))
        + (0 if partial is None else len(partial.view))
        + sum(len(piece) for piece in pieces if not isinstance(piece, FileRange))
    )


def test_a_burst_beyond_a_stalled_disk_stays_with_the_producers(
    live: LiveBroker, files: StallingFiles
) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(RawClient(live.port)) for _ in range(PRODUCERS)]
        for client in clients:
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BYTES)
        connections = connections_of(live, clients)
        with live.client() as other:
            files.be_slow_once(other)
        with files.stall("orders"):
            bursts = [threading.Thread(target=send_burst, args=(client,)) for client in clients]
            for burst in bursts:
                burst.start()
            eventually(lambda: all_of(live, connections, wait_for_answers_unread))
            held = live.call(lambda: [held_bytes(connection) for connection in connections])
            assert max(held) <= SHARED_BUFFER_BYTES + 2 * BATCH_BYTES
            assert all(burst.is_alive() for burst in bursts), "more has been sent than sockets hold"
        for client in clients:
            codes = {produced_code(client) for _ in range(REQUESTS_OF_A_BURST)}
            assert codes == {ErrorCode.NONE}
        for burst in bursts:
            burst.join()
    with live.client() as other:
        assert other.end_offset("orders").offset == PRODUCERS * REQUESTS_OF_A_BURST


def test_what_has_arrived_while_the_disk_stalled_is_written_together(
    live: LiveBroker, files: StallingFiles
) -> None:
    """So a slow disk is asked once for all producers of a partition, and not once for each of them."""
    with ExitStack() as stack:
        clients = [stack.enter_context(RawClient(live.port)) for _ in range(PRODUCERS)]
        connections = connections_of(live, clients)
        with live.client() as other:
            files.be_slow_once(other)
        with files.stall("orders"):
            clients[0].send(ApiKey.PRODUCE, 9, produce_request(100))
            eventually(lambda: files.waiting > 0)
            for client in clients[1:]:
                client.send(ApiKey.PRODUCE, 9, produce_request(100))
            eventually(lambda: all_of(live, connections, lambda each: each._waits_for_answer))
            files.operations.clear()
        assert {produced_code(client) for client in clients} == {ErrorCode.NONE}
    with live.client() as other:
        assert other.end_offset("orders").offset == PRODUCERS
    # The first is under way; the second begins no segment, and takes all others along.
    assert files.operations.count("pwrite") <= 2


def send_burst(client: RawClient) -> None:
    request = produce_request(BATCH_BYTES)
    for _ in range(REQUESTS_OF_A_BURST):
        client.send(ApiKey.PRODUCE, 9, request)


def produced_code(client: RawClient) -> int:
    (topic,) = client.receive().responses
    return int(topic.partition_responses[0].error_code)


def test_many_small_requests_that_wait_for_the_disk_cost_little_memory(
    live: LiveBroker, files: StallingFiles
) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(RawClient(live.port)) for _ in range(SMALL_PRODUCERS)]
        connections = connections_of(live, clients)
        for _ in range(2):  # memory that was used before is resident at once when it is used again
            with live.client() as other:
                files.be_slow_once(other)
            before_mb = resident_mb(os.getpid())
            with files.stall("orders"):
                for client in clients:
                    client.send(ApiKey.PRODUCE, 9, produce_request(100))
                eventually(lambda: all_of(live, connections, lambda each: each._waits_for_answer))
                grown_bytes = (resident_mb(os.getpid()) - before_mb) * 2**20
            assert {produced_code(client) for client in clients} == {ErrorCode.NONE}
            assert grown_bytes <= SMALL_PRODUCERS * RESIDENT_OF_A_SMALL_REQUEST


@pytest.mark.parametrize("fetch_bytes", [32 * 1024, 1024 * 1024])
def test_clients_that_do_not_take_their_answers_are_asked_nothing_more(
    live: LiveBroker, fetch_bytes: int
) -> None:
    with RawClient(live.port) as producer:
        for _ in range(2 * fetch_bytes // BATCH_BYTES):
            producer.send(ApiKey.PRODUCE, 9, produce_request(BATCH_BYTES))
            assert produced_code(producer) == ErrorCode.NONE
    partition = FetchPartition(partition=0, fetch_offset=0, partition_max_bytes=fetch_bytes)
    request = FetchRequest(
        max_wait_ms=0,
        min_bytes=1,
        max_bytes=fetch_bytes,
        topics=[FetchTopic(topic="orders", partitions=[partition])],
    )
    with ExitStack() as stack:
        clients = [stack.enter_context(RawClient(live.port)) for _ in range(READERS)]
        for client in clients:
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BYTES)
        connections = connections_of(live, clients)
        for client in clients:
            for _ in range(FETCHES_IN_FLIGHT):
                client.send(ApiKey.FETCH, 12, request)
        eventually(lambda: all_of(live, connections, lambda each: each._waits_for_socket))
        held = live.call(lambda: [held_bytes(connection) for connection in connections])
        assert max(held) <= MAX_UNSENT_BYTES + SHARED_BUFFER_BYTES + 64 * 1024
        with live.client() as other:
            assert other.produce("elsewhere", b"meanwhile").error_code == ErrorCode.NONE
        for client in clients:
            for _ in range(FETCHES_IN_FLIGHT):
                found = client.receive().responses[0].partitions[0]
                assert len(found.records) == fetch_bytes
