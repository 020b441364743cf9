"""What clients are told that ask for telemetry although it is not advertised (KIP-714, facts 7.10).

A broker without a receiver for the metrics of clients, as this one, does not list the two APIs; a client that asks
nevertheless is treated as by every Apache Kafka: it gets its subscription, may not ask or push too often, and what it
pushes is checked and then dropped. The rules are those of Kafka's ClientMetricsManager.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from crc32c import crc32c

from ottla.errors import ErrorCode, KafkaError
from ottla.jvm_order import strings_in_hash_order
from ottla.metadata.aspects.configs import ConfigsImage, ResourceType
from ottla.records.compression import Codec, DecompressionError, decompress
from ottla.types import METADATA_TOPIC_ID, ZERO_UUID, Uuid, uuid_to_text

MAX_INSTANCES = 16_384
"""Clients that are remembered, those that asked last (ClientMetricsManager.CACHE_MAX_SIZE)."""

FORGET_AFTER_MS = 60_000
"""How long at least a silent client is remembered."""

FORGET_AFTER_INTERVALS = 3
"""After how many of its own intervals a silent client is forgotten, where that is longer."""

DEFAULT_INTERVAL_MS = 300_000
"""What a client is told that no subscription fits."""

MAX_UNPACKED_BYTES = 16 * 1024 * 1024
"""What a push may unpack to: some times what clients send, and unpacked on the loop in some milliseconds."""

ALL_METRICS = "*"

ACCEPTED_CODECS = (Codec.ZSTD, Codec.LZ4, Codec.GZIP, Codec.SNAPPY)
"""How metrics may be compressed, the preferred way first."""

_KNOWN_CODECS = frozenset(Codec)
_RESERVED_IDS = frozenset({ZERO_UUID, METADATA_TOPIC_ID})
_Overrides = Mapping[str, Mapping[str, str]]


class Client(NamedTuple):
    """Who asks; what subscriptions can be narrowed to."""

    instance_id: Uuid
    client_id: str
    address: str

    def attribute(self, name: str) -> str | None:
        """Return what a `match` can ask for; None for what is not known, which no pattern fits."""
        if name == "client_instance_id":
            return uuid_to_text(self.instance_id)
        if name == "client_id":
            return self.client_id
        return self.address if name == "client_source_address" else None


@dataclass(frozen=True, slots=True)
class Subscription:
    """What one client is asked to send."""

    subscription_id: int
    metrics: tuple[str, ...]
    """Prefixes of names; `*` alone for all."""
    interval_ms: int


@dataclass(slots=True)
class _Instance:
    """A client that asked before."""

    overrides: _Overrides
    """The subscriptions as they were when it was looked at."""
    subscription: Subscription
    forget_at_ms: int = 0
    last_get_ms: int = 0
    last_push_ms: int = 0
    is_terminating: bool = False


class ClientTelemetry:
    """The clients that asked, each with its subscription; `max_bytes` is the longest push."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._instances: dict[Uuid, _Instance] = {}

    def subscribe(self, client: Client, configs: ConfigsImage, now_ms: int) -> Subscription:
        """Return what a client is asked to send.

        Raises KafkaError THROTTLING_QUOTA_EXCEEDED for one that asks before its interval is over.
        """
        instance = self._instance(client, configs, now_ms)
        last_ms = max(instance.last_get_ms, instance.last_push_ms)
        if now_ms - last_ms < instance.subscription.interval_ms:
            raise KafkaError(ErrorCode.THROTTLING_QUOTA_EXCEEDED)
        instance.last_get_ms = now_ms
        return instance.subscription

    def push(
        self,
        client: Client,
        configs: ConfigsImage,
        now_ms: int,
        *,
        subscription_id: int,
        is_terminating: bool,
        compression_type: int,
        metrics: bytes,
    ) -> None:
        """Take note of a push. Raises KafkaError for one that may not be."""
        if client.instance_id in _RESERVED_IDS:
            raise KafkaError(ErrorCode.INVALID_REQUEST)
        instance = self._instance(client, configs, now_ms)
        was_terminating, instance.is_terminating = instance.is_terminating, is_terminating
        if was_terminating:
            raise KafkaError(ErrorCode.INVALID_REQUEST)
        if not _may_push(instance, now_ms) and not is_terminating:
            raise KafkaError(ErrorCode.THROTTLING_QUOTA_EXCEEDED)
        if subscription_id != instance.subscription.subscription_id:
            raise KafkaError(ErrorCode.UNKNOWN_SUBSCRIPTION_ID)
        if compression_type not in _KNOWN_CODECS:
            raise KafkaError(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE)
        if len(metrics) > self.max_bytes:
            raise KafkaError(ErrorCode.TELEMETRY_TOO_LARGE)
        _check_unpacks(Codec(compression_type), metrics)

    def _instance(self, client: Client, configs: ConfigsImage, now_ms: int) -> _Instance:
        """Return what is known of a client; a change of any subscription makes it a new one."""
        overrides = {
            resource.name: values
            for resource, values in configs.by_resource.items()
            if resource.resource_type == ResourceType.CLIENT_METRICS
        }
        instance = self._instances.pop(client.instance_id, None)
        if instance is None or instance.overrides != overrides or instance.forget_at_ms <= now_ms:
            instance = _Instance(overrides, subscription_for(client, overrides))
            if len(self._instances) >= MAX_INSTANCES:
                del self._instances[next(iter(self._instances))]
        instance.forget_at_ms = now_ms + max(
            FORGET_AFTER_MS, FORGET_AFTER_INTERVALS * instance.subscription.interval_ms
        )
        # The last one to ask stands last, and is the last to be given up.
        self._instances[client.instance_id] = instance
        return instance


def _may_push(instance: _Instance, now_ms: int) -> bool:
    """Tell whether a push is due, and take note of it: the first after a subscription always is."""
    is_due = (
        instance.last_get_ms > instance.last_push_ms
        or now_ms - instance.last_push_ms >= instance.subscription.interval_ms
    )
    if is_due:
        instance.last_push_ms = now_ms
    return is_due


def _check_unpacks(codec: Codec, metrics: bytes) -> None:
    """Unpack a push, as Kafka does even where nobody receives it. Raises KafkaError INVALID_RECORD."""
    try:
        decompress(codec, metrics, MAX_UNPACKED_BYTES)
    except DecompressionError as error:
        raise KafkaError(ErrorCode.INVALID_RECORD) from error


def subscription_for(client: Client, overrides: _Overrides) -> Subscription:
    """Return what all subscriptions together ask of a client; `overrides` are theirs, by name."""
    metrics: dict[str, None] = {}
    interval_ms = DEFAULT_INTERVAL_MS
    for values in overrides.values():
        if _fits(client, _listed(values.get("match", ""))):
            metrics.update(dict.fromkeys(_listed(values.get("metrics", ""))))
            interval_ms = min(interval_ms, int(values.get("interval.ms", DEFAULT_INTERVAL_MS)))
    if ALL_METRICS in metrics:
        metrics = {ALL_METRICS: None}
    names = strings_in_hash_order(metrics)
    checksum = crc32c(f"[{', '.join(names)}]{interval_ms}".encode())
    return Subscription(_signed(checksum ^ _uuid_hash(client.instance_id)), tuple(names), interval_ms)


def _listed(text: str) -> list[str]:
    return [item.strip() for item in text.split(",")] if text.strip() else []


def _fits(client: Client, patterns: list[str]) -> bool:
    """Tell whether every pattern, `attribute=expression`, fits the client; what cannot be read fits nobody."""
    # Imported late: its own expressions take some milliseconds to compile, and most brokers have no subscription.
    from ottla.java_regex import UnsupportedRegexError, compile_java_regex  # noqa: PLC0415

    for pattern in patterns:
        name, _, expression = pattern.partition("=")
        attribute = client.attribute(name.strip())
        try:
            if attribute is None or not compile_java_regex(expression.strip()).fullmatch(attribute):
                return False
        except (ValueError, UnsupportedRegexError):
            return False
    return True


def _uuid_hash(value: Uuid) -> int:
    """Return Java's hash code of an identifier, unsigned."""
    mixed = int.from_bytes(value[:8], "big") ^ int.from_bytes(value[8:], "big")
    return (mixed >> 32 ^ mixed) & 0xFFFFFFFF


def _signed(value: int) -> int:
    return value - (1 << 32) if value >= 1 << 31 else value
