from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
import uvloop
from tests.unit.server.support import RecordingSink, connect, echo, frame, is_closed, receive_frame

from ottla.completion import Completion
from ottla.handlers.outcome import Outcome
from ottla.server.connection import Answer, CloseConnectionError, Connection
from ottla.server.creation_rate import UNLIMITED_PER_S, CreationRate
from ottla.server.listener import ConnectionCount, ConnectionLimits, Listener, ListenError, open_sockets
from ottla.server.receiving import SHARED_BUFFER_BYTES, SharedBuffer
from ottla.tasks import Tasks

MAX_FRAME_BYTES = 4 * 1024 * 1024
SAMPLE_MS = 50
"""Connections wait for so long at most, where they come too fast."""
logger = logging.getLogger("test.server")


@asynccontextmanager
async def listening(
    sink: RecordingSink,
    *,
    max_connections: int = 1000,
    max_connections_per_ip: int = 1000,
    max_idle_ms: int = 600_000,
    by_address: dict[str, int] | None = None,
    max_creations_per_s: int = UNLIMITED_PER_S,
) -> AsyncIterator[Listener]:
    limits = ConnectionLimits(
        max_connections,
        max_connections_per_ip,
        by_address or {},
        max_idle_ms,
        MAX_FRAME_BYTES,
        backlog=50,
        max_creations_per_s=max_creations_per_s,
    )
    tasks = Tasks(asyncio.get_running_loop())
    count = ConnectionCount(limits, CreationRate(SAMPLE_MS, 2))
    listener = Listener(open_sockets("127.0.0.1", 0), tasks, SharedBuffer(), sink, limits, count, logger)
    listener.start()
    try:
        yield listener
    finally:
        listener.stop_accepting()
        await listener.drain()


def run(main: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(main(), 20)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(bounded())


def next_close(listener: Listener) -> asyncio.Event:
    """Return an event that is set when a connection of the listener has closed."""
    event = asyncio.Event()
    forget = listener.connection_closed

    def closed(connection: Connection) -> None:
        forget(connection)
        event.set()

    listener.connection_closed = closed
    return event


def test_pipelined_requests_are_answered_in_order() -> None:
    async def main() -> None:
        sink = RecordingSink()
        async with listening(sink) as listener:
            client = await connect(listener.port)
            bodies = [b"request %d" % number for number in range(500)]
            await asyncio.get_running_loop().sock_sendall(client, b"".join(map(frame, bodies)))
            assert [await receive_frame(client) for _ in bodies] == bodies
            client.close()

    run(main)


@pytest.mark.parametrize("size", [0, 1, 100, SHARED_BUFFER_BYTES - 4, SHARED_BUFFER_BYTES, 3_000_000])
def test_a_frame_of_any_size_arrives_whole_in_any_pieces(size: int) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        sink = RecordingSink()
        async with listening(sink) as listener:
            client = await connect(listener.port)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            body = bytes(range(256)) * (size // 256) + bytes(size % 256)
            sent = frame(b"first") + frame(body) + frame(b"last")
            cuts = sorted({0, 3, 9, 11, 12, 14, len(sent) // 2, len(sent) - 1, len(sent)})
            pieces = [sent[start:end] for start, end in pairwise(cuts)]
            sender = asyncio.create_task(send_pieces(loop, client, pieces))
            assert [await receive_frame(client) for _ in range(3)] == [b"first", body, b"last"]
            await sender
            client.close()

    async def send_pieces(
        loop: asyncio.AbstractEventLoop, client: socket.socket, pieces: list[bytes]
    ) -> None:
        for piece in pieces:
            await loop.sock_sendall(client, piece)
            await asyncio.sleep(0)

    run(main)


def test_later_requests_wait_while_one_is_unanswered() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        sink = RecordingSink()
        parked: Completion[Answer] = Completion()
        sink.answer = lambda body: parked if body == b"park" else echo(body)
        async with listening(sink) as listener:
            client = await connect(listener.port)
            await loop.sock_sendall(client, frame(b"park") + frame(b"second"))
            other = await connect(listener.port)
            await loop.sock_sendall(other, frame(b"other"))
            assert await receive_frame(other) == b"other"
            await loop.sock_sendall(client, frame(b"third"))
            await loop.sock_sendall(other, frame(b"again"))
            assert await receive_frame(other) == b"again"
            assert b"second" not in sink.requests
            parked.resolve([frame(b"answer")])
            assert [await receive_frame(client) for _ in range(3)] == [b"answer", b"second", b"third"]
            client.close()
            other.close()

    run(main)


def test_a_waiting_request_that_keeps_its_frame_still_sees_its_own_bytes() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        sink = RecordingSink()
        sink.keeps = True
        parked: Completion[Answer] = Completion()
        sink.answer = lambda body: parked if body.startswith(b"keep") else echo(body)
        async with listening(sink) as listener:
            client = await connect(listener.port)
            await loop.sock_sendall(client, frame(b"keep these bytes"))
            other = await connect(listener.port)
            await loop.sock_sendall(other, frame(b"overwrite them!!"))
            assert await receive_frame(other) == b"overwrite them!!"
            assert bytes(sink.frames[0]) == b"keep these bytes"
            parked.resolve([frame(b"done")])
            assert await receive_frame(client) == b"done"
            client.close()
            other.close()

    run(main)


def test_a_client_that_goes_away_while_its_request_waits_is_forgotten() -> None:
    async def main() -> None:
        sink = RecordingSink()
        parked: Completion[Answer] = Completion()
        arrived = asyncio.Event()

        def park(_: bytes) -> Completion[Answer]:
            arrived.set()
            return parked

        sink.answer = park
        async with listening(sink) as listener:
            client = await connect(listener.port)
            await asyncio.get_running_loop().sock_sendall(client, frame(b"park"))
            await arrived.wait()
            closed = next_close(listener)
            client.close()
            await closed.wait()
            assert listener.connection_count == 0
            parked.resolve([frame(b"nobody listens")])

    run(main)


@pytest.mark.parametrize("size", [-1, MAX_FRAME_BYTES + 1, 0x7FFFFFFF])
def test_an_impossible_frame_size_closes_the_connection_with_one_warning(
    size: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with listening(RecordingSink()) as listener:
            client = await connect(listener.port)
            await asyncio.get_running_loop().sock_sendall(client, size.to_bytes(4, "big", signed=True))
            assert await is_closed(client)
            client.close()

    with caplog.at_level(logging.INFO):
        run(main)
    assert len(caplog.records) == 1
    assert "127.0.0.1" in caplog.text


def test_a_bare_probe_and_half_a_frame_leave_no_trace_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with listening(RecordingSink()) as listener:
            (await connect(listener.port)).close()
            client = await connect(listener.port)
            await asyncio.get_running_loop().sock_sendall(client, frame(b"half")[:-2])
            client.close()
            check = await connect(listener.port)
            await asyncio.get_running_loop().sock_sendall(check, frame(b"check"))
            assert await receive_frame(check) == b"check"
            check.close()

    with caplog.at_level(logging.INFO):
        run(main)
    assert not caplog.records


def test_a_request_that_must_not_be_answered_closes_after_the_answers_before_it() -> None:
    async def main() -> None:
        sink = RecordingSink()

        def answer(body: bytes) -> Answer:
            if body == b"bad":
                raise CloseConnectionError("bad request")
            return echo(body) if body != b"quiet" else Outcome.NO_RESPONSE

        sink.answer = answer
        async with listening(sink) as listener:
            client = await connect(listener.port)
            sent = frame(b"quiet") + frame(b"good") + frame(b"bad") + frame(b"never")
            await asyncio.get_running_loop().sock_sendall(client, sent)
            assert await receive_frame(client) == b"good"
            assert await is_closed(client)
            assert b"never" not in sink.requests
            client.close()

    run(main)


def test_a_client_that_does_not_read_holds_only_itself_back() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        sink = RecordingSink()
        answer = frame(bytes(1_000_000))
        sink.answer = lambda body: [answer] if body == b"big" else echo(body)
        async with listening(sink) as listener:
            slow = await connect(listener.port)
            await loop.sock_sendall(slow, frame(b"big") * 100)
            other = await connect(listener.port)
            await loop.sock_sendall(other, frame(b"small"))
            assert await receive_frame(other) == b"small"
            assert sink.requests.count(b"big") < 50
            for _ in range(100):
                assert len(await receive_frame(slow)) == 1_000_000
            slow.close()
            other.close()

    run(main)


def test_more_connections_than_allowed_from_one_address_are_closed() -> None:
    async def main() -> None:
        async with listening(RecordingSink(), max_connections_per_ip=2) as listener:
            kept = [await connect(listener.port) for _ in range(2)]
            refused = await connect(listener.port)
            assert await is_closed(refused)
            refused.close()
            closed = next_close(listener)
            kept[0].close()
            await closed.wait()
            again = await connect(listener.port)
            await asyncio.get_running_loop().sock_sendall(again, frame(b"in"))
            assert await receive_frame(again) == b"in"
            again.close()
            kept[1].close()

    run(main)


def test_an_address_may_have_a_bound_of_its_own() -> None:
    async def main() -> None:
        async with listening(RecordingSink(), by_address={"127.0.0.1": 0}) as listener:
            refused = await connect(listener.port)
            assert await is_closed(refused)
            refused.close()

    run(main)


def test_a_full_broker_accepts_again_when_a_connection_ends() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with listening(RecordingSink(), max_connections=1) as listener:
            first = await connect(listener.port)
            await loop.sock_sendall(first, frame(b"first"))
            assert await receive_frame(first) == b"first"
            second = await connect(listener.port)
            await loop.sock_sendall(second, frame(b"second"))
            assert listener.connection_count == 1
            first.close()
            assert await receive_frame(second) == b"second"
            second.close()

    run(main)


def rests_of(listener: Listener) -> list[float]:
    """Return a list that gets how long the listener rests, each time that it does."""
    rests: list[float] = []
    rest = listener._rest

    def noted(duration_ms: float) -> None:
        rests.append(duration_ms)
        rest(duration_ms)

    listener._rest = noted
    return rests


def test_connections_that_come_too_fast_wait_and_are_served() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with listening(RecordingSink(), max_creations_per_s=1) as listener:
            rests = rests_of(listener)
            clients = [await connect(listener.port) for _ in range(3)]
            for client in clients:
                await loop.sock_sendall(client, frame(b"hello"))
                assert await receive_frame(client) == b"hello"
                client.close()
            assert rests == [SAMPLE_MS] * 3

    run(main)


def test_without_a_rate_nobody_waits() -> None:
    async def main() -> None:
        async with listening(RecordingSink()) as listener:
            rests = rests_of(listener)
            for _ in range(50):
                client = await connect(listener.port)
                await asyncio.get_running_loop().sock_sendall(client, frame(b"hello"))
                assert await receive_frame(client) == b"hello"
                client.close()
            assert rests == []

    run(main)


def test_a_connection_that_waits_for_the_rate_is_closed_by_a_stop() -> None:
    async def main() -> None:
        async with listening(RecordingSink(), max_creations_per_s=0) as listener:
            rested = asyncio.Event()
            rest = listener._rest

            def noted(duration_ms: float) -> None:
                rest(duration_ms)
                rested.set()

            listener._rest = noted
            client = await connect(listener.port)
            await rested.wait()
            listener.stop_accepting()
            assert await is_closed(client)
            assert listener.accepted == 0
            client.close()

    run(main)


def test_the_last_place_is_given_once_where_two_listeners_share_it() -> None:
    limits = ConnectionLimits(1, 10, {}, 600_000, MAX_FRAME_BYTES, backlog=50)
    count = ConnectionCount(limits, CreationRate(SAMPLE_MS, 2))

    async def main() -> None:
        loop = asyncio.get_running_loop()
        listeners = [
            Listener(
                open_sockets("127.0.0.1", 0),
                Tasks(loop),
                SharedBuffer(),
                RecordingSink(),
                limits,
                count,
                logger,
            )
            for _ in range(2)
        ]
        for listener in listeners:
            listener.start()
        first = await connect(listeners[0].port)
        await loop.sock_sendall(first, frame(b"first"))
        assert await receive_frame(first) == b"first"
        second = await connect(listeners[1].port)
        await loop.sock_sendall(second, frame(b"second"))
        await loop.sock_sendall(first, frame(b"again"))
        assert await receive_frame(first) == b"again"
        assert [listener.connection_count for listener in listeners] == [1, 0]
        first.close()
        assert await receive_frame(second) == b"second"
        second.close()
        for listener in listeners:
            listener.stop_accepting()
            await listener.drain()

    run(main)


def test_idle_connections_are_closed() -> None:
    async def main() -> None:
        async with listening(RecordingSink(), max_idle_ms=50) as listener:
            client = await connect(listener.port)
            assert await is_closed(client)
            assert listener.connection_count == 0
            client.close()

    run(main)


def test_a_stop_sends_the_answer_that_is_due() -> None:
    async def main() -> None:
        sink = RecordingSink()
        parked: Completion[Answer] = Completion()
        arrived = asyncio.Event()

        def park(_: bytes) -> Completion[Answer]:
            arrived.set()
            return parked

        sink.answer = park
        async with listening(sink) as listener:
            client = await connect(listener.port)
            await asyncio.get_running_loop().sock_sendall(client, frame(b"park"))
            await arrived.wait()
            listener.stop_accepting()
            drained = asyncio.create_task(listener.drain())
            await asyncio.sleep(0)
            parked.resolve([frame(b"due")])
            assert await receive_frame(client) == b"due"
            assert await is_closed(client)
            await drained
            client.close()

    run(main)


def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match=rf"127\.0\.0\.1:{port}: Address already in use"):
            open_sockets("127.0.0.1", port)


def test_localhost_listens_on_every_loopback_address_with_one_port() -> None:
    sockets = open_sockets("localhost", 0)
    try:
        addresses = {listening.getsockname()[0] for listening in sockets}
        assert "127.0.0.1" in addresses
        assert addresses <= {"127.0.0.1", "::1"}
        assert len({listening.getsockname()[1] for listening in sockets}) == 1
    finally:
        for listening_socket in sockets:
            listening_socket.close()
