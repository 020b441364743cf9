"""Batches put before `check_append`, as topics of any configuration would see them."""

from __future__ import annotations

import pytest

from ottla.config.broker import embedded_broker_config
from ottla.config.resolved import TopicConfig, resolve_topic_config
from ottla.errors import KafkaError
from ottla.records.batch import HEADER_SIZE_BYTES, check_crc, read_header
from ottla.records.builder import NewRecord, assemble_batch, build_batch
from ottla.records.record import iterate_records
from ottla.storage.append_check import AppendOrigin, CheckedAppend, check_append
from ottla.types import TopicPartition

NOW_MS = 1_700_000_000_000
HOUR_MS = 3_600_000
BROKER = embedded_broker_config({})
RECORDS = [NewRecord(b"k%d" % index, b"v" * 50, NOW_MS - index) for index in range(20)]


def topic(**overrides: str) -> TopicConfig:
    return resolve_topic_config(BROKER, {name.replace("_", "."): value for name, value in overrides.items()})


def check(
    batch: bytes | bytearray | memoryview,
    config: TopicConfig | None = None,
    origin: AppendOrigin = AppendOrigin.CLIENT,
) -> CheckedAppend:
    return check_append(
        batch,
        config=config or topic(),
        topic_partition=TopicPartition("t", 3),
        origin=origin,
        now_ms=NOW_MS,
    )


def batch_with(**changes: int) -> bytearray:
    """A batch of RECORDS with other header fields and a right CRC."""
    batch = build_batch(RECORDS, now_ms=NOW_MS)
    header = read_header(batch)._replace(**changes)
    fields = header._asdict()
    for name in ("batch_length", "magic", "crc"):
        del fields[name]
    return assemble_batch(batch[HEADER_SIZE_BYTES:], **fields)


def refusal(batch: bytes | bytearray, config: TopicConfig | None = None) -> KafkaError:
    with pytest.raises(KafkaError) as caught:
        check(batch, config)
    return caught.value


def values(checked: CheckedAppend) -> list[tuple[bytes | None, bytes | None, int]]:
    check_crc(checked.records, 0, checked.header)
    assert read_header(checked.records) == checked.header
    read = iterate_records(checked.records, 0, checked.header)
    return [(record.key, record.value, record.timestamp_ms) for record in read]
