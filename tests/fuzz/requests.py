"""Requests by chance, made from the schema, with the names and numbers that the broker knows or has just told."""

from __future__ import annotations

import copy
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ottla.protocol.api import APIS, Api, ApiKey, request_class
from ottla.types import Uuid
from ottla.wire.schema import (
    BOOL,
    BYTES,
    FLOAT64,
    RECORDS,
    STRING,
    UUID,
    FieldSchema,
    FieldType,
    Shape,
    schema_of,
)
from tests.fuzz.batches import INTERESTING_INTS, random_records
from tests.fuzz.encoding import Piece, request_pieces

INTEGER_BITS = {"b": 8, "h": 16, "H": 16, "i": 32, "I": 32, "q": 64}
SERVED = [api for api in APIS.values() if api.served]

TOPIC_CONFIGS: dict[str, dict[str, str]] = {
    "orders": {},
    "payments": {"message.timestamp.before.max.ms": "3600000"},
    "compacted": {"cleanup.policy": "compact"},
    "small": {"segment.bytes": "1048576", "max.message.bytes": "3000"},
    "squeezed": {"compression.type": "zstd"},
    "stamped": {"message.timestamp.type": "LogAppendTime", "compression.type": "gzip"},
    "plain": {"compression.type": "uncompressed", "max.message.bytes": "4000"},
    "snapped": {"compression.type": "snappy", "segment.bytes": "1048576"},
    "quick": {"compression.type": "lz4", "message.timestamp.type": "LogAppendTime"},
}
"""The topics that requests name; each keeps its batches in another way."""
TOPICS = tuple(TOPIC_CONFIGS)
GROUPS = ("readers", "writers")
OPTION_NAMES = (
    "retention.ms", "segment.bytes", "cleanup.policy", "compression.type", "max.message.bytes", "flush.messages",
    "message.timestamp.type", "segment.ms", "no.such.option", "min.insync.replicas",
)  # fmt: skip
OPTION_VALUES = (
    "", "-1", "0", "1", "1000", "1048576", "9223372036854775807", "9" * 30, "compact", "delete", "compact,delete",
    "gzip", "zstd", "producer", "CreateTime", "LogAppendTime", "nonsense",
)  # fmt: skip
TEXTS = (
    "",
    "a",
    ".",
    "..",
    "no such",
    "__consumer_offsets",
    "__cluster_metadata",
    "x" * 250,
    "\u00e9\u4e2d",
    "\0",
    "range",
)

# Names without which a request would not get far, by struct and field.
WORDS = {
    ("JoinGroupRequest", "protocol_type"): ("consumer",),
    ("JoinGroupRequestProtocol", "name"): ("range", "roundrobin"),
    ("JoinGroupRequest", "session_timeout_ms"): (100, 300, 6000),
    ("JoinGroupRequest", "rebalance_timeout_ms"): (100, 300, 2000),
    ("SyncGroupRequest", "protocol_type"): ("consumer",),
    ("SyncGroupRequest", "protocol_name"): ("range", "roundrobin"),
}
# How much oftener than another an API is asked: those with the most to decide, and less those that destroy.
WEIGHTS = {
    ApiKey.PRODUCE: 12, ApiKey.FETCH: 6, ApiKey.JOIN_GROUP: 3, ApiKey.SYNC_GROUP: 2, ApiKey.OFFSET_COMMIT: 2,
    ApiKey.LIST_OFFSETS: 2, ApiKey.DELETE_TOPICS: 0.2, ApiKey.DELETE_RECORDS: 0.5,
}  # fmt: skip

# What answers have told: enough to find group members again, little enough to forget old ones.
HARVEST_LIMIT = 40
# Partitions of a new topic: each costs files, and a run makes thousands of topics. The last two are refused.
FEW_PARTITIONS = (-1, 0, 1, 1, 2, -5, 20_000, 2**31 - 1)


NUMBERS_TOLD = frozenset(
    {"generation_id", "session_id", "producer_id", "leader_epoch", "base_offset", "log_start_offset"}
)
"""Numbers of answers without which a later request would not get far."""
TOLD_AS = {"fetch_offset": "log_start_offset", "offset": "base_offset"}
"""Under which name an answer tells what a request wants."""


@dataclass(slots=True)
class Harvest:
    """Texts, numbers and ids from answers, by the name of their field."""

    texts: dict[str, deque[str]] = field(default_factory=dict)
    numbers: dict[str, deque[int]] = field(default_factory=dict)
    ids: deque[Uuid] = field(default_factory=lambda: deque(maxlen=HARVEST_LIMIT))
    live_ids: list[Uuid] = field(default_factory=list)
    """The topics that there are now."""
    spared: Uuid | None = None
    """A topic that no request may name."""

    def take(self, answer: Any) -> None:
        """Remember what an answer holds."""
        for item in schema_of(type(answer)).fields:
            content = getattr(answer, item.name)
            values = content if item.shape is Shape.ARRAY else [content]
            for value in (values or ())[:5]:
                if isinstance(value, str):
                    self.texts.setdefault(item.name, deque(maxlen=HARVEST_LIMIT)).append(value)
                elif item.element is UUID:
                    if value != self.spared:
                        self.ids.append(Uuid(value))
                elif item.name in NUMBERS_TOLD:
                    self.numbers.setdefault(item.name, deque(maxlen=HARVEST_LIMIT)).append(value)
                elif value is not None and not isinstance(item.element, FieldType):
                    self.take(value)


@dataclass(slots=True)
class RequestMaker:
    """Makes requests of every served API in every version."""

    rng: random.Random
    harvest: Harvest
    now_ms: int

    def choose(self, listener: str) -> tuple[Api, int]:
        """Return an API of the listener and one of its versions."""
        served = [each for each in SERVED if listener in each.listeners]
        api = self.rng.choices(served, [WEIGHTS.get(ApiKey(each.key), 1) for each in served])[0]
        return api, self.rng.randint(api.min_version, api.max_version)

    def request(self, api: Api, version: int) -> Any:
        """Return a request that its schema allows."""
        return self._struct(request_class(ApiKey(api.key)), version)

    def pieces(self, api: Api, version: int, correlation_id: int, request: Any) -> list[Piece]:
        """Return header and body."""
        # Under the name of Kafka's own tools a client may write what it likes into the coordinator's log, and break it.
        admin = "__admin_client" if api.key != ApiKey.PRODUCE else "fuzz"
        client_id = self.rng.choice(("fuzz", "", admin, None))
        return request_pieces(api, version, correlation_id, client_id, request)

    def varied(self, request: Any, version: int) -> Any:
        """Return a copy of a request with another value in one of its fields."""
        changed = copy.deepcopy(request)
        target = changed
        while True:
            items = [item for item in schema_of(type(target)).fields if version in item.versions]
            if not items:
                return changed
            item = self.rng.choice(items)
            content = getattr(target, item.name)
            inner = content if item.shape is Shape.ARRAY else [content]
            if isinstance(item.element, FieldType) or not inner or inner == [None] or self.rng.random() < 0.1:
                setattr(target, item.name, self._value(type(target).__name__, item, version))
                return changed
            target = self.rng.choice(inner)

    def _struct(self, cls: type[Any], version: int) -> Any:
        values = {}
        for item in schema_of(cls).fields:
            if version in item.versions and (item.tag is None or self.rng.random() < 0.5):
                values[item.name] = self._value(cls.__name__, item, version)
        return cls(**values)

    def _value(self, owner: str, item: FieldSchema, version: int) -> Any:
        may_be_none = version in item.nullable or (item.shape is Shape.STRUCT and item.default is None)
        if may_be_none and self.rng.random() < 0.15:
            return None
        if item.shape is Shape.ARRAY:
            count = self.rng.choices((0, 1, 2, 3, 30), (10, 60, 20, 9, 1))[0]
            return [self._element(owner, item, version) for _ in range(count)]
        return self._element(owner, item, version)

    def _element(self, owner: str, item: FieldSchema, version: int) -> Any:
        element = item.element
        if not isinstance(element, FieldType):
            return self._struct(element, version)
        if (owner, item.name) in WORDS and self.rng.random() < 0.9:
            return self.rng.choice(WORDS[owner, item.name])
        rng = self.rng
        if element is STRING:
            return self._text(item.name)
        if element is RECORDS:
            return random_records(rng, self.now_ms)
        simple: dict[FieldType, Callable[[], Any]] = {
            UUID: self._id,
            BYTES: lambda: rng.randbytes(rng.choice((0, 1, 5, 60))),
            BOOL: lambda: rng.random() < 0.5,
            FLOAT64: rng.random,
        }
        if element in simple:
            return simple[element]()
        return self._number(item.name, INTEGER_BITS[element.value], unsigned=element.value.isupper())

    def _id(self) -> Uuid:
        rng = self.rng
        if self.harvest.live_ids and rng.random() < 0.7:
            return rng.choice(self.harvest.live_ids)
        return rng.choice([*self.harvest.ids, Uuid(bytes(16)), Uuid(rng.randbytes(16))])

    def _text(self, name: str) -> str:
        rng = self.rng
        if rng.random() < 0.1:
            return rng.choice(TEXTS)
        if "group" in name:
            return rng.choice(GROUPS)
        if name in {"value", "config_value"}:
            return rng.choice(OPTION_VALUES)
        if "config" in name or "key" in name:
            return rng.choice(OPTION_NAMES + GROUPS)
        if "topic" in name or name in {"name", "resource_name"}:
            return rng.choice(TOPICS + (() if "topic" in name else OPTION_NAMES))
        known = self.harvest.texts.get(name)
        return rng.choice(known) if known and rng.random() < 0.8 else rng.choice(TEXTS)

    def _number(self, name: str, bits: int, *, unsigned: bool) -> int:
        rng = self.rng
        if name in {"num_partitions", "count"}:
            return rng.choice(FEW_PARTITIONS)
        if rng.random() < 0.12:
            value = rng.choice(INTERESTING_INTS)
        elif (told := self.harvest.numbers.get(TOLD_AS.get(name, name))) and rng.random() < 0.7:
            value = rng.choice(told)
        elif name == "index" or "partition" in name or "replica" in name or "broker" in name:
            value = rng.choice((0, 0, 1, 2))
        elif name.endswith(("_ms", "bytes")):
            value = rng.choice((0, 1, 10, 6000, 1_000_000))
        elif name == "acks":
            value = rng.choice((-1, 0, 1, 1, 2))
        elif "epoch" in name or "leader" in name:
            value = rng.choice((-1, -1, 0, 1))
        else:
            value = rng.choice((0, 0, 1, 2, 3, 5, -1, 7))
        value %= 1 << bits
        return value if unsigned or value < 1 << bits - 1 else value - (1 << bits)
