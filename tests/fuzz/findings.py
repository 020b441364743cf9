"""What fuzzing has found, as requests that go first in every run; each is fixed and has a test of its own besides."""

from __future__ import annotations

from dataclasses import dataclass

from ottla.protocol.api import ApiKey
from ottla.protocol.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from ottla.records.builder import assemble_batch
from ottla.records.compression import Codec, compress
from tests.fuzz.witness import WITNESS_TOPIC
from tests.support.raw_client import RawClient


@dataclass(frozen=True, slots=True)
class Finding:
    """One Produce request and the error that answers it."""

    name: str
    payload: bytes
    records_count: int
    codec: Codec
    error_code: int


EMPTY_RECORD = b"\x0c\0\0\0\x01\x01\0"
"""Neither key nor value, and an offset delta of 0 wherever it stands."""

FINDINGS = (
    # The walk over the records stepped back, and never ended.
    Finding("equal offset deltas", EMPTY_RECORD * 1100, 1100, Codec.GZIP, -1),
    # Each attempt at a run of records looked at all that were left.
    Finding("a swarm of records", EMPTY_RECORD * 200_000, 200_000, Codec.ZSTD, -1),
    # Minutes for a few hundred bytes.
    Finding("a larger swarm", EMPTY_RECORD * 1_000_001, 1_000_001, Codec.ZSTD, 87),
)


def send(finding: Finding, client: RawClient) -> int:
    """Return the error code that the broker answers."""
    records = assemble_batch(
        compress(finding.codec, finding.payload),
        base_offset=0,
        leader_epoch=-1,
        attributes=finding.codec,
        last_offset_delta=finding.records_count - 1,
        base_timestamp=0,
        max_timestamp=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        records_count=finding.records_count,
    )
    partition = PartitionProduceData(index=1, records=bytes(records))
    request = ProduceRequest(
        acks=1, timeout_ms=1000, topic_data=[TopicProduceData(name=WITNESS_TOPIC, partition_data=[partition])]
    )
    answer = client.ask(ApiKey.PRODUCE, 9, request)
    return int(answer.responses[0].partition_responses[0].error_code)
