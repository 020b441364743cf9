"""The same damaged requests to Apache Kafka and to Ottla: the kind of what comes back has to be the same.

One request on one connection at a time, so that an outcome belongs to its bytes: closed, no answer, or the error codes
of the answer. Topic ids are told apart by replacing those of one broker in the bytes by those of the other. Requests
that wait for others are left out, and so are APIs that Ottla does not serve.
"""

from __future__ import annotations

import random
import socket
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ottla.protocol.api import APIS, Api, ApiKey, response_class
from ottla.protocol.headers import decode_response_header
from ottla.protocol.messages.create_partitions import CreatePartitionsRequest
from ottla.protocol.messages.fetch import FetchRequest
from ottla.protocol.messages.find_coordinator import FindCoordinatorRequest
from ottla.protocol.messages.metadata import MetadataRequest
from ottla.protocol.messages.produce import ProduceRequest
from ottla.types import ZERO_UUID, Uuid
from ottla.wire.compiler import decode_message
from ottla.wire.primitives import WireError
from ottla.wire.schema import FieldType, Shape, schema_of
from tests.fuzz.encoding import joined
from tests.fuzz.mutation import mutated, mutated_pieces, with_unknown_tags
from tests.fuzz.requests import GROUPS, SERVED, TOPICS, Harvest, RequestMaker
from tests.fuzz.witness import create_topics
from tests.support.raw_client import RawClient

CLOSED, SILENT = "closed", "silent"
LEFT_OUT = frozenset({ApiKey.JOIN_GROUP, ApiKey.SYNC_GROUP, ApiKey.API_VERSIONS})
"""What waits for other members, and what is known to differ: Ottla lists fewer APIs."""
CHANGERS = frozenset({
    ApiKey.CREATE_TOPICS, ApiKey.DELETE_TOPICS, ApiKey.CREATE_PARTITIONS, ApiKey.ALTER_CONFIGS,
    ApiKey.INCREMENTAL_ALTER_CONFIGS,
})  # fmt: skip
"""After these both brokers must have come to rest before the next request."""

FORWARDED = frozenset({ApiKey.ALTER_CONFIGS, ApiKey.INCREMENTAL_ALTER_CONFIGS})
"""Apache Kafka forwards these to its controller together with their headers, and fails upon tags in them."""
MOST_PARTITIONS = 10

# Apache Kafka on a busy machine; an outcome that is an answer does not wait for it.
ANSWER_LIMIT_S = 1.0
# What differs by a silence is given this long to speak after all.
SECOND_LIMIT_S = 8.0
REST_LIMIT_S = 15.0
REST_PAUSE_S = 0.05


@dataclass(slots=True)
class Side:
    """One of the two brokers."""

    port: int
    client: RawClient
    topic_ids: dict[str, bytes] = field(default_factory=dict)

    def topics(self) -> dict[str, tuple[bytes, int, int]]:
        """Return id, number of partitions and errors of each topic."""
        answer = self.client.ask(ApiKey.METADATA, 12, MetadataRequest(topics=None))
        return {
            topic.name: (
                bytes(topic.topic_id),
                len(topic.partitions),
                topic.error_code or sum(partition.error_code for partition in topic.partitions),
            )
            for topic in answer.topics
            if not topic.is_internal  # Apache Kafka makes one for transactions
        }


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One request that the brokers answered differently."""

    api: str
    version: int
    kafka: str
    ottla: str
    content: bytes


def compare(kafka_port: int, ottla_port: int, seed: str, requests: int, found: list[Disagreement]) -> None:
    """Send so many requests to both; add those whose outcomes differ to `found`. Raises AssertionError."""
    kafka, ottla = (Side(port, RawClient(port)) for port in (kafka_port, ottla_port))
    _come_to_rest(kafka, ottla)
    for number in range(requests):
        rng = random.Random(f"{seed}/{number}")
        harvest = Harvest(live_ids=[kafka.topic_ids[name] for name in TOPICS])  # type: ignore[misc]
        maker = RequestMaker(rng, harvest, time.time_ns() // 1_000_000)
        api = rng.choice([each for each in SERVED if "broker" in each.listeners and each.key not in LEFT_OUT])
        version = rng.randint(api.min_version, api.max_version)
        content = _content(rng, maker, api, version)
        outcomes = _outcomes(kafka, ottla, content)
        if outcomes[0] != outcomes[1]:
            found.append(Disagreement(api.name, version, *outcomes, content))
        if api.key in CHANGERS:
            _come_to_rest(kafka, ottla)


def _content(rng: random.Random, maker: RequestMaker, api: Api, version: int) -> bytes:
    request = maker.request(api, version)
    _avoid_what_is_known(rng, request)
    pieces = maker.pieces(api, version, 7, request)
    choice = rng.random()
    if choice < 0.15 and api.key not in FORWARDED:
        return joined(with_unknown_tags(rng, pieces))
    if choice < 0.5:
        return joined(pieces)
    if choice < 0.85:
        return mutated_pieces(rng, pieces)
    return mutated(rng, joined(pieces))


def _avoid_what_is_known(rng: random.Random, request: Any) -> None:
    """Take out of a request what is known to differ: times, transactions, and what Apache Kafka never answers."""
    if hasattr(request, "max_wait_ms"):
        request.max_wait_ms = rng.choice((0, 1, 100))
    if hasattr(request, "timeout_ms"):
        request.timeout_ms = rng.choice((0, -1, 30_000, 30_000, 30_000))
    if hasattr(request, "key_type"):
        request.key_type = rng.choice((0, 0, 3, -1))
    if hasattr(request, "transactional_id"):
        request.transactional_id = None
    if isinstance(request, FetchRequest):
        request.replica_id = request.replica_state.replica_id = -1  # there is no other node that could follow
        request.session_id = max(0, min(request.session_id, 1000))
        for topic in request.topics:
            topic.topic_id = topic.topic_id if topic.topic_id != ZERO_UUID else Uuid(rng.randbytes(16))
    if isinstance(request, CreatePartitionsRequest):
        for topic in request.topics:  # Apache Kafka keeps what fits before it refuses
            topic.count = min(topic.count, MOST_PARTITIONS)
    if hasattr(request, "resources"):  # one that is named twice is never answered
        request.resources = list({each.resource_name: each for each in request.resources}.values())
    if isinstance(request, ProduceRequest):
        _name_each_partition_once(request)


def _name_each_partition_once(request: ProduceRequest) -> None:
    seen = set()
    for topic in request.topic_data:
        kept = []
        for partition in topic.partition_data:
            place = (topic.name, topic.topic_id, partition.index)
            partition.records = partition.records or b""
            if place not in seen:
                kept.append(partition)
            seen.add(place)
        topic.partition_data = kept


def _outcomes(kafka: Side, ottla: Side, content: bytes) -> tuple[str, str]:
    theirs = content
    for name, topic_id in kafka.topic_ids.items():
        theirs = theirs.replace(topic_id, ottla.topic_ids[name])
    sockets = []
    for side, each in ((kafka, content), (ottla, theirs)):
        connected = socket.create_connection(("localhost", side.port))
        connected.sendall(len(each).to_bytes(4, "big") + each)
        sockets.append(connected)
    first, second = (_outcome(connected, content, ANSWER_LIMIT_S) for connected in sockets)
    if (first == SILENT) != (second == SILENT):
        first, second = (
            _outcome(connected, content, SECOND_LIMIT_S) if known == SILENT else known
            for known, connected in zip((first, second), sockets, strict=True)
        )
    for connected in sockets:
        connected.close()
    return first, second


def _outcome(connected: socket.socket, content: bytes, limit_s: float) -> str:
    connected.settimeout(limit_s)
    received = bytearray()
    try:
        while len(received) < 4 or len(received) < 4 + int.from_bytes(received[:4], "big"):
            chunk = connected.recv(1 << 18)
            if not chunk:
                return CLOSED
            received += chunk
    except TimeoutError:
        return SILENT
    except ConnectionError:
        return CLOSED
    key, version = (int.from_bytes(content[at : at + 2], "big", signed=True) for at in (0, 2))
    if key not in APIS or not APIS[key].served:
        return "an answer"
    try:
        _, start = decode_response_header(key, version, received[4:])
        answer = decode_message(response_class(ApiKey(key)), version, bytes(received[4 + start :]))
    except (WireError, ValueError):
        return "an answer of another version"
    codes: Counter[int] = Counter()
    _count_codes(answer, codes)
    return f"codes {sorted(codes.items())}"


def _count_codes(value: Any, codes: Counter[int]) -> None:
    if str(getattr(value, "name", "")).startswith("__"):
        return  # Apache Kafka has an internal topic for transactions
    for item in schema_of(type(value)).fields:
        content = getattr(value, item.name)
        if item.name == "error_code":
            codes[content] += 1
        elif not isinstance(item.element, FieldType) and content is not None:
            for inner in content if item.shape is Shape.ARRAY else [content]:
                _count_codes(inner, codes)


def _come_to_rest(kafka: Side, ottla: Side) -> None:
    """Create what is missing, and wait until both have the same topics. Raises AssertionError."""
    deadline = time.monotonic() + REST_LIMIT_S
    for side in (
        kafka,
        ottla,
    ):  # its answer comes when there is a coordinator, and creates the coordinator's topic
        asked = FindCoordinatorRequest(coordinator_keys=list(GROUPS))
        while any(
            each.error_code for each in side.client.ask(ApiKey.FIND_COORDINATOR, 4, asked).coordinators
        ):
            assert time.monotonic() < deadline, "there is no coordinator"
            time.sleep(REST_PAUSE_S)
    while True:
        both = kafka.topics(), ottla.topics()
        for side, topics in zip((kafka, ottla), both, strict=True):
            missing = sorted(set(TOPICS) - topics.keys())
            if missing:
                create_topics(side.client, missing)
            side.topic_ids = {name: topic[0] for name, topic in topics.items()}
        shapes = [{name: topic[1:] for name, topic in topics.items()} for topics in both]
        if shapes[0] == shapes[1] and not any(set(TOPICS) - topics.keys() for topics in both):
            return
        assert time.monotonic() < deadline, f"the topics differ: {shapes}"
        time.sleep(REST_PAUSE_S)
