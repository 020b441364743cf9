"""Drives a broker with random connections, and knows what the broker owes whatever it is sent.

The law: every connection ends, closed by the broker once the client has said its last word; every whole request that
its schema allows is answered, in order, with its correlation id and with bytes that can be read, unless it asks for
no answer; nothing that a client sends makes the broker log a bug, and its memory stays bounded.
"""

from __future__ import annotations

import random
import socket
import time
from dataclasses import dataclass, field

from ottla.protocol.api import Api, ApiKey, response_class
from ottla.protocol.headers import decode_response_header
from ottla.wire.compiler import decode_message
from tests.fuzz.mutation import mutated
from tests.fuzz.requests import TOPICS, Harvest, RequestMaker
from tests.support.live_broker import LiveBroker

# An answer takes milliseconds; one that takes this long does not come.
ANSWER_LIMIT_S = 20.0
# How long a connection may stay open once no answer is owed: its last request may wait as long as it says.
GOODBYE_LIMIT_S = 0.3
MOST_REQUESTS = 8
RECEIVE_BYTES = 256 * 1024


MAY_WAIT = frozenset({ApiKey.FETCH, ApiKey.JOIN_GROUP, ApiKey.SYNC_GROUP})
"""Requests that may wait for others, or for a time of the client's choice."""


class FoundError(Exception):
    """Something that the broker must not do, with what it takes to do it again."""


@dataclass(slots=True)
class Sent:
    """One request on a connection."""

    api: Api
    version: int
    correlation_id: int
    content: bytes
    is_sound: bool
    expects_answer: bool


@dataclass(slots=True)
class Counts:
    """What was done so far."""

    connections: int = 0
    requests: int = 0
    mutated: int = 0
    answers: int = 0
    abandoned: int = 0
    """Connections left behind with a request that waits, for a member that never joins or for a time of its choice."""
    by_api: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Fuzzer:
    """Random connections to one broker, all of them made from one seed."""

    broker: LiveBroker
    seed: int
    counts: Counts = field(default_factory=Counts)
    harvest: Harvest = field(default_factory=Harvest)
    _correlation_id: int = 0

    def run(self, duration_s: float) -> None:
        """Connect again and again for a time. Raises FoundError."""
        end = time.monotonic() + duration_s
        number = 0
        while time.monotonic() < end:
            self.connect(random.Random(f"{self.seed}/{number}"))
            number += 1

    def connect(self, rng: random.Random) -> None:
        """Make one connection and judge what came back. Raises FoundError."""
        listener = "controller" if rng.random() < 0.1 else "broker"
        sent = []
        for _ in range(rng.randint(1, MOST_REQUESTS)):
            sent.append(self._next(rng, listener))
            if sent[-1].api.key in MAY_WAIT and rng.random() < 0.9:
                break
        port = self.broker.controller_port if listener == "controller" else self.broker.port
        stream = b"".join(_frame(rng, each) for each in sent)
        try:
            owed = _owed(sent)
            received, has_ended = _converse(port, stream, len(owed))
            self._judge(owed, received)
            if not has_ended:
                self.counts.abandoned += 1
                if len(owed) == len(sent):
                    raise FoundError("the connection was not closed")
        except (FoundError, TimeoutError) as error:
            raise FoundError(f"{error!r} upon {listener} {_shown(sent)}") from error
        if self.broker.bugs.lines:
            raise FoundError(f"{self.broker.bugs.lines} upon {listener} {_shown(sent)}")
        self.counts.connections += 1

    def _next(self, rng: random.Random, listener: str) -> Sent:
        maker = RequestMaker(rng, self.harvest, time.time_ns() // 1_000_000)
        api, version = maker.choose(listener)
        request = maker.request(api, version)
        self._correlation_id += 1
        content = maker.content(api, version, self._correlation_id, request)
        is_sound = rng.random() < 0.6
        self.counts.requests += 1
        self.counts.by_api[api.name] = self.counts.by_api.get(api.name, 0) + 1
        if not is_sound:
            self.counts.mutated += 1
            content = mutated(rng, content)
        expects_answer = api.key != ApiKey.PRODUCE or request.acks != 0
        return Sent(api, version, self._correlation_id, content, is_sound, expects_answer)

    def _judge(self, owed: list[Sent], received: bytes) -> None:
        """Take the answers apart that had to come, and then those that came besides."""
        position = 0
        for each in owed:
            if position == len(received):
                raise FoundError(f"{each.api.name} v{each.version} was not answered")
            size = int.from_bytes(received[position : position + 4], "big", signed=True)
            end = position + 4 + size
            if size < 4 or end > len(received):
                raise FoundError(f"an answer to {each.api.name} v{each.version} claims {size} bytes")
            self._take(each, received[position + 4 : end])
            position = end
        while position < len(received):
            size = int.from_bytes(received[position : position + 4], "big", signed=True)
            position += 4 + size
            if size < 4 or position > len(received):
                raise FoundError(f"the stream ends with something that is no answer: {received[-100:].hex()}")

    def _take(self, each: Sent, content: bytes) -> None:
        correlation_id, start = decode_response_header(each.api.key, each.version, content)
        if correlation_id != each.correlation_id:
            raise FoundError(f"{each.api.name} v{each.version} got the answer to another request")
        answer = decode_message(response_class(ApiKey(each.api.key)), each.version, content[start:])
        self.counts.answers += 1
        self.harvest.take(answer)


def _owed(sent: list[Sent]) -> list[Sent]:
    """Return the first requests, as far as it is known that each of them is answered soon."""
    for index, each in enumerate(sent):
        if not each.is_sound or not each.expects_answer or each.api.key in MAY_WAIT:
            return sent[:index]
    return sent


def prepare(broker: LiveBroker) -> None:
    """Create the topics that the requests name."""
    from ottla.protocol.messages.create_topics import (
        CreatableTopic,
        CreatableTopicConfig,
        CreateTopicsRequest,
    )

    options = {"compacted": {"cleanup.policy": "compact"}, "small": {"segment.bytes": "1048576"}}
    topics = [
        CreatableTopic(
            name=name,
            num_partitions=2,
            replication_factor=1,
            configs=[CreatableTopicConfig(name=k, value=v) for k, v in options.get(name, {}).items()],
        )
        for name in TOPICS
    ]
    with broker.client() as client:
        client.ask(ApiKey.CREATE_TOPICS, 7, CreateTopicsRequest(topics=topics, timeout_ms=30_000))


def _frame(rng: random.Random, each: Sent) -> bytes:
    size = len(each.content)
    if not each.is_sound and rng.random() < 0.1:
        size += rng.choice((1, -1, 2**31, -(2**31), 2**24, 100, -100))
    return (size % (1 << 32)).to_bytes(4, "big") + each.content


def _converse(port: int, stream: bytes, owed: int) -> tuple[bytes, bool]:
    """Send everything, wait for `owed` answers, say that nothing follows, and return what came until the end.

    The last word must wait: the broker need not answer a client that has gone away. The second result is whether the
    broker has closed the connection. Raises TimeoutError when an owed answer does not come.
    """
    received = bytearray()
    position = 0
    with socket.create_connection(("127.0.0.1", port), ANSWER_LIMIT_S) as client:
        try:
            client.sendall(stream)
            while owed and (chunk := client.recv(RECEIVE_BYTES)):
                received += chunk
                while owed and len(received) >= position + 4:
                    size = int.from_bytes(received[position : position + 4], "big")
                    if len(received) < position + 4 + size:
                        break
                    position += 4 + size
                    owed -= 1
            client.shutdown(socket.SHUT_WR)
            client.settimeout(GOODBYE_LIMIT_S)
            while chunk := client.recv(RECEIVE_BYTES):
                received += chunk
        except TimeoutError:
            if owed:
                raise
            return bytes(received), False
        except OSError:
            pass  # closed with unread bytes on the way
    return bytes(received), True


def _shown(sent: list[Sent]) -> str:
    return "\n".join(
        f"{each.api.name} v{each.version} sound={each.is_sound} {each.content[:2000].hex()}" for each in sent
    )
