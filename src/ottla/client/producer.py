"""A producer: records in, batches out, as Kafka's Java producer sends them.

The law: what `send` took is delivered or its callback hears why not, within delivery.timeout.ms; the records of a
partition arrive in the order in which they were sent, and with idempotence each once. Nothing runs by itself: batches
go out and answers come in while a method runs, so that who waits for something else calls `poll` meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from random import Random
from typing import NamedTuple, Self

from ottla.client.backoff import backoff_ms
from ottla.client.cluster import Cluster
from ottla.client.connection import wait_readable
from ottla.client.failures import ApiError, RequestTimeoutError, error_of
from ottla.client.partitioner import StickyPartition, partition_for_key
from ottla.client.producer_batch import Headers, ProducerBatch, upper_bound_bytes
from ottla.client.producer_settings import ProducerSettings
from ottla.client.sender import Sender
from ottla.client.topic_metadata import TopicMetadata
from ottla.errors import ErrorCode
from ottla.records.batch import HEADER_SIZE_BYTES
from ottla.records.compression import Codec
from ottla.types import TopicPartition

_KAFKA_EXCEPTION = "org.apache.kafka.common.KafkaException"

_LONGEST_WAIT_S = 1.0
"""One wait of many: each looks again at what is due."""

_STEP_EVERY_MS = 5
"""While records keep coming, answers are taken this often, so that callbacks are not much later than the answers."""

_SURELY_ENOUGH_BYTES = 128
"""More than header and record take beside key and value: only larger records are measured exactly."""

_RATIO_MARGIN = 1.05
_RATIO_WORSENS = 0.05
_RATIO_IMPROVES = 0.005
"""How fast the expected compression follows what is seen; the figures of Kafka's client."""


class RecordMetadata(NamedTuple):
    """Where a record went."""

    topic: str
    partition: int
    offset: int
    """-1 with acks=0, and where it was not delivered."""
    timestamp_ms: int
    """The log append time where the topic has that, else the record's own."""
    key_size: int
    """-1 without a key."""
    value_size: int
    """-1 without a value."""


Callback = Callable[[RecordMetadata, ApiError | None], None]
"""What `send` calls once a record is delivered or given up; it may send more, and must not wait."""

Appended = tuple[int, bytes | None, bytes | None, Headers, Callback | None]
"""Timestamp, key, value, headers and callback of a record."""


class Producer:
    """A producer of one cluster; `with Producer(cluster, settings) as producer` delivers everything at the end."""

    def __init__(self, cluster: Cluster, settings: ProducerSettings) -> None:
        self._cluster = cluster
        self._settings = settings
        self._metadata = TopicMetadata(cluster, settings.metadata_max_age_ms)
        self._sender = Sender(cluster, settings, self._metadata, self._complete)
        self._sticky: dict[str, StickyPartition] = {}
        self._random = Random()  # noqa: S311 - it spreads records, and guards nothing
        self._ratios: dict[str, float] = {}
        self._surely_small_bytes = (
            min(settings.max_request_size, settings.buffer_memory) - _SURELY_ENOUGH_BYTES
        )
        self._pending_bytes = 0
        self._next_step_ms = 0
        self._unheard: ApiError | None = None
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(
        self,
        topic: str,
        key: bytes | None = None,
        value: bytes | None = None,
        headers: Headers = (),
        partition: int | None = None,
        timestamp_ms: int | None = None,
        callback: Callback | None = None,
    ) -> None:
        """Take a record; it waits for its batch, at most linger.ms, and for room while buffer.memory is full.

        `timestamp_ms` is now by default. Every failure goes to the callback. Without one, ApiError is raised at once
        for a record that can never be sent (it is larger than max.request.size), after max.block.ms where there is no
        topic or no room, and by the next `flush` for what is known only later.
        """
        assert not self._is_closed, "nothing is sent after close"
        now_ms = time.time_ns() // 1_000_000
        try:
            self._take(
                topic,
                partition,
                (now_ms if timestamp_ms is None else timestamp_ms, key, value, headers, callback),
            )
        except ApiError as error:
            if callback is None:
                raise
            key_size, value_size = (-1 if content is None else len(content) for content in (key, value))
            callback(
                RecordMetadata(topic, -1 if partition is None else partition, -1, -1, key_size, value_size),
                error,
            )
        if now_ms >= self._next_step_ms:
            self._step(now_ms)

    def _take(self, topic: str, partition: int | None, record: Appended) -> None:
        _, key, value, headers, _ = record
        if headers or len(value or b"") + len(key or b"") > self._surely_small_bytes:
            self._refuse_what_is_too_large(key, value, headers)
        count = self._metadata.partition_count(topic) or self._wait_for_topic(topic, partition)
        sticky: StickyPartition | None = None
        if partition is None:
            if key is not None and not self._settings.partitioner_ignore_keys:
                partition = partition_for_key(key, count)
            else:
                sticky = self._sticky_partition(topic)
                partition = sticky.partition
        elif partition >= count:
            self._wait_for_topic(topic, partition)
        if self._pending_bytes >= self._settings.buffer_memory:
            self._wait_for_room(len(value or b""))
        self._pending_bytes += self._append(topic, partition, sticky, record)

    def poll(self, timeout_s: float = 0.0, *, until_readable: int | None = None) -> None:
        """Send what is due and take the answers that come, for `timeout_s` or until a descriptor can be read.

        A tool that waits for a terminal passes its descriptor, so that batches do not wait for the next line.
        """
        deadline_s = time.monotonic() + timeout_s
        descriptors = () if until_readable is None else (until_readable,)
        while True:
            left_s = deadline_s - time.monotonic()
            self._sender.step(max(0.0, left_s), descriptors)
            if left_s <= 0 or (until_readable is not None and wait_readable((), 0, descriptors)):
                return

    def flush(self, timeout_s: float | None = None) -> None:
        """Deliver all that was sent; every callback has been called when it returns.

        Raises RequestTimeoutError when `timeout_s` is over before, and the first error that no callback heard.
        """
        deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
        self._sender.is_flushing = True
        try:
            while not self._sender.is_idle:
                left_s = _LONGEST_WAIT_S if deadline_s is None else deadline_s - time.monotonic()
                if left_s <= 0:
                    raise RequestTimeoutError(f"Not everything was delivered within {timeout_s} seconds")
                self._sender.step(min(left_s, _LONGEST_WAIT_S))
        finally:
            self._sender.is_flushing = False
        unheard, self._unheard = self._unheard, None
        if unheard is not None:
            raise unheard

    def close(self, timeout_s: float | None = None) -> None:
        """Deliver all that was sent and take no more; the cluster stays open.

        What is not delivered within `timeout_s` is given up, and its callbacks hear so. Raises as `flush` does.
        """
        if self._is_closed:
            return
        self._is_closed = True
        try:
            self.flush(timeout_s)
        except RequestTimeoutError:
            if self._sender.is_idle:
                raise  # what was given up long before is told, as by `flush`
            self._sender.abort(
                ApiError(
                    ErrorCode.UNKNOWN_SERVER_ERROR,
                    "Producer is closed forcefully.",
                    java_class=_KAFKA_EXCEPTION,
                ),
                also_in_flight=True,
            )

    def partitions_for(self, topic: str) -> list[int]:
        """Return the partitions of a topic; waits for it as `send` does, and creates it where the broker does that."""
        count = self._metadata.partition_count(topic) or self._wait_for_topic(topic, None)
        return list(range(count))

    def _append(self, topic: str, partition: int, sticky: StickyPartition | None, record: Appended) -> int:
        """Put a record into the open batch of its partition, or into a new one; return how many bytes it takes."""
        queue = self._sender.queue(TopicPartition(topic, partition))
        batch = queue.open
        taken = batch.try_append(*record) if batch is not None else 0
        if not taken:
            if batch is not None:
                self._note_ratio(topic, self._sender.seal(queue))
                self._next_step_ms = 0
                if sticky is not None and sticky.produced_bytes >= self._settings.batch_size:
                    partition = self._choose(topic, sticky)
                    return self._append(topic, partition, sticky, record)
            batch = queue.open = ProducerBatch(queue.partition, self._limit_bytes(topic), time.monotonic())
            taken = batch.try_append(*record)
        if sticky is not None:
            sticky.produced_bytes += taken
        return taken

    def _step(self, now_ms: int) -> None:
        self._sender.step()
        pause_ms = max(1, min(self._settings.linger_ms, _STEP_EVERY_MS))
        is_urgent = self._settings.linger_ms == 0 and not self._sender.requests_in_flight
        self._next_step_ms = 0 if is_urgent else now_ms + pause_ms

    def _sticky_partition(self, topic: str) -> StickyPartition:
        sticky = self._sticky.get(topic)
        if sticky is None:
            sticky = self._sticky[topic] = StickyPartition(self._random)
        if sticky.partition < 0:
            self._choose(topic, sticky)
        return sticky

    def _choose(self, topic: str, sticky: StickyPartition) -> int:
        """Go on to another partition, of those that have a leader if any has."""
        view = self._metadata.topics[topic]
        led = [number for number in view.partitions if self._metadata.leader(TopicPartition(topic, number))]
        queues = self._sender.queues

        def queued(partition: int) -> int:
            queue = queues.get(TopicPartition(topic, partition))
            return 0 if queue is None else queue.length

        is_adaptive = self._settings.partitioner_adaptive_partitioning_enable
        return sticky.choose(led or list(view.partitions), queued if is_adaptive else None)

    def _limit_bytes(self, topic: str) -> int:
        """Return how many bytes of records go into a batch: more than batch.size where they compress well."""
        room = self._settings.batch_size - HEADER_SIZE_BYTES
        if self._settings.compression_type is Codec.NONE:
            return room
        limit = int(room / (self._ratios.get(topic, 1.0) * _RATIO_MARGIN))
        return min(limit, self._settings.max_request_size)

    def _note_ratio(self, topic: str, ratio: float) -> None:
        """Learn how well a topic compresses: fast to the worse, slowly to the better (`CompressionRatioEstimator`)."""
        known = self._ratios.get(topic, 1.0)
        worse = max(known + _RATIO_WORSENS, ratio)
        self._ratios[topic] = worse if ratio > known else max(known - _RATIO_IMPROVES, ratio)

    def _refuse_what_is_too_large(self, key: bytes | None, value: bytes | None, headers: Headers) -> None:
        size = upper_bound_bytes(key, value, headers)
        for limit, name in (
            (self._settings.max_request_size, "max.request.size"),
            (self._settings.buffer_memory, "buffer.memory"),
        ):
            if size > limit:
                text = f"The message is {size} bytes when serialized which is larger than "
                text += f"{limit}, which is the value of the {name} configuration."
                if name == "buffer.memory":
                    text = f"The message is {size} bytes when serialized which is larger than the total memory buffer "
                    text += f"you have configured with the {name} configuration."
                raise ApiError(ErrorCode.MESSAGE_TOO_LARGE, text)

    def _wait_for_topic(self, topic: str, partition: int | None) -> int:
        """Return the partition count of a topic, once it has that partition. Raises ApiError after max.block.ms."""
        limit_ms = self._settings.max_block_ms
        deadline_s = time.monotonic() + limit_ms / 1000
        attempts = 0
        while True:
            try:
                self._metadata.refresh([topic], allow_auto_topic_creation=True)
            except ApiError as error:
                if not error.is_retriable:
                    raise
            count = self._metadata.partition_count(topic)
            if count > (partition or 0):
                return count
            view = self._metadata.topics.get(topic)
            refusal = error_of(view.error_code) if view is not None else None
            if refusal is not None and not refusal.is_retriable:
                raise _named(refusal, topic)
            attempts += 1
            wait_s = (
                backoff_ms(attempts, self._settings.retry_backoff_ms, self._settings.retry_backoff_max_ms)
                / 1000
            )
            if time.monotonic() + wait_s >= deadline_s:
                raise RequestTimeoutError(_absent_text(topic, partition, count, limit_ms))
            self._sender.step()
            time.sleep(wait_s)

    def _wait_for_room(self, needed_bytes: int) -> None:
        deadline_s = time.monotonic() + self._settings.max_block_ms / 1000
        memory = self._settings.buffer_memory
        self._sender.is_flushing = True
        try:
            while self._pending_bytes >= memory:
                left_s = deadline_s - time.monotonic()
                if left_s <= 0:
                    raise ApiError(
                        ErrorCode.REQUEST_TIMED_OUT,
                        f"Failed to allocate {needed_bytes} bytes within the configured max blocking time "
                        f"{self._settings.max_block_ms} ms. Total memory: {memory} bytes. Available memory: "
                        f"{memory - self._pending_bytes} bytes. Poolable size: {self._settings.batch_size} bytes",
                        java_class="org.apache.kafka.clients.producer.BufferExhaustedException",
                    )
                self._sender.step(min(left_s, _LONGEST_WAIT_S))
        finally:
            self._sender.is_flushing = False

    def _complete(
        self, batch: ProducerBatch, base_offset: int, append_time_ms: int, error: ApiError | None
    ) -> None:
        """Give back a batch's memory and tell who waits for its records."""
        self._pending_bytes -= batch.size_bytes
        if error is not None and len(batch.waiting) < batch.count and self._unheard is None:
            self._unheard = error
        topic, partition = batch.partition
        for index, timestamp_ms, key_size, value_size, callback in batch.waiting:
            offset = base_offset + index if base_offset >= 0 else -1
            timestamp_ms = append_time_ms if append_time_ms >= 0 else timestamp_ms  # noqa: PLW2901
            callback(RecordMetadata(topic, partition, offset, timestamp_ms, key_size, value_size), error)


def _named(error: ApiError, topic: str) -> ApiError:
    """Return the error of a topic in the words of Kafka's clients."""
    if error.code is ErrorCode.INVALID_TOPIC_EXCEPTION:
        return ApiError(error.code, f"Invalid topics: [{topic}]")
    if error.code is ErrorCode.TOPIC_AUTHORIZATION_FAILED:
        return ApiError(error.code, f"Not authorized to access topics: [{topic}]")
    return error


def _absent_text(topic: str, partition: int | None, count: int, limit_ms: int) -> str:
    if partition is None or count == 0:
        return f"Topic {topic} not present in metadata after {limit_ms} ms."
    return (
        f"Partition {partition} of topic {topic} with partition count {count} is not present in metadata after "
        f"{limit_ms} ms."
    )
