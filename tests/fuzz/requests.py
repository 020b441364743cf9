"""Requests by chance, made from the schema, with the names and numbers that the broker knows or has just told."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ottla.protocol.api import APIS, Api, ApiKey, request_class
from ottla.protocol.headers import RequestHeader, encode_request_header
from ottla.types import Uuid
from ottla.wire.compiler import encode
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

INTEGER_BITS = {"b": 8, "h": 16, "H": 16, "i": 32, "I": 32, "q": 64}
SERVED = [api for api in APIS.values() if api.served]

TOPICS = ("orders", "payments", "compacted", "small")
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

# What answers have told: enough to find group members again, little enough to forget old ones.
HARVEST_LIMIT = 40
# Partitions of a new topic: each costs files, and a run makes thousands of topics.
FEW_PARTITIONS = (-1, 0, 1, 1, 2, -5, 10_001, 2**31 - 1)


@dataclass(slots=True)
class Harvest:
    """Texts and ids from answers, by the name of their field."""

    texts: dict[str, deque[str]] = field(default_factory=dict)
    ids: deque[Uuid] = field(default_factory=lambda: deque(maxlen=HARVEST_LIMIT))

    def take(self, answer: Any) -> None:
        """Remember what an answer holds."""
        for item in schema_of(type(answer)).fields:
            content = getattr(answer, item.name)
            values = content if item.shape is Shape.ARRAY else [content]
            for value in (values or ())[:5]:
                if isinstance(value, str):
                    self.texts.setdefault(item.name, deque(maxlen=HARVEST_LIMIT)).append(value)
                elif item.element is UUID:
                    self.ids.append(Uuid(value))
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
        api = self.rng.choice([each for each in SERVED if listener in each.listeners])
        return api, self.rng.randint(api.min_version, api.max_version)

    def request(self, api: Api, version: int) -> Any:
        """Return a request that its schema allows."""
        return self._struct(request_class(ApiKey(api.key)), version)

    def content(self, api: Api, version: int, correlation_id: int, request: Any) -> bytes:
        """Return header and body."""
        client_id = self.rng.choice(("fuzz", "", "__admin_client"))
        header = RequestHeader(api.key, version, correlation_id, client_id)
        return encode_request_header(header) + encode(request, version)

    def _struct(self, cls: type[Any], version: int) -> Any:
        values = {}
        for item in schema_of(cls).fields:
            if version not in item.versions or (item.tag is not None and self.rng.random() < 0.5):
                continue
            may_be_none = version in item.nullable or (item.shape is Shape.STRUCT and item.default is None)
            if may_be_none and self.rng.random() < 0.15:
                values[item.name] = None
            elif item.shape is Shape.ARRAY:
                count = self.rng.choices((0, 1, 2, 3, 30), (10, 60, 20, 9, 1))[0]
                values[item.name] = [self._element(item, version) for _ in range(count)]
            else:
                values[item.name] = self._element(item, version)
        return cls(**values)

    def _element(self, item: FieldSchema, version: int) -> Any:
        element = item.element
        if not isinstance(element, FieldType):
            return self._struct(element, version)
        rng = self.rng
        if element is STRING:
            return self._text(item.name)
        if element is RECORDS:
            return random_records(rng, self.now_ms)
        simple: dict[FieldType, Callable[[], Any]] = {
            UUID: lambda: rng.choice([*self.harvest.ids, Uuid(bytes(16)), Uuid(rng.randbytes(16))]),
            BYTES: lambda: rng.randbytes(rng.choice((0, 1, 5, 60))),
            BOOL: lambda: rng.random() < 0.5,
            FLOAT64: rng.random,
        }
        if element in simple:
            return simple[element]()
        return self._number(item.name, INTEGER_BITS[element.value], unsigned=element.value.isupper())

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
        elif "partition" in name or "replica" in name or "broker" in name:
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
