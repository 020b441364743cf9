"""What the broker has acknowledged, to be asked back when it has stopped.

The law: a batch whose base offset a producer was told is in the log, with its records as they were sent, unless the
topic was deleted or the log now starts behind it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ottla.records.batch import read_header
from ottla.records.record import Record, iterate_records
from ottla.types import Uuid
from tests.support.live_broker import LiveBroker

# Acknowledged batches that are remembered: more than one run of some minutes makes.
LEDGER_LIMIT = 200_000


class Acknowledged(NamedTuple):
    """Where a batch has to be."""

    topic_id: Uuid
    partition: int
    base_offset: int


class Batch(NamedTuple):
    """What has to be there."""

    records_count: int
    digest: bytes | None
    """Of keys, values and headers; None where the batch may stand for an earlier one of the same sequence."""


@dataclass(slots=True)
class Ledger:
    """The acknowledged batches of one data directory."""

    batches: dict[Acknowledged, Batch] = field(default_factory=dict)

    def topic_ids(self, broker: LiveBroker) -> dict[str, Uuid]:
        """Return the topics that there are now."""
        return broker.call(
            lambda: {
                name: topic.topic_id for name, topic in broker.broker._publisher.image.topics.by_name.items()
            }
        )

    def acknowledge(self, request: Any, answer: Any, topic_ids: dict[str, Uuid]) -> None:
        """Remember what an answer promises; `topic_ids` are the topics that were there all the time."""
        sent = {
            (topic.name, Uuid(topic.topic_id), partition.index): partition.records
            for topic in request.topic_data
            for partition in topic.partition_data
        }
        there = set(topic_ids.values())
        for topic in answer.responses:
            for partition in topic.partition_responses:
                topic_id = topic_ids.get(topic.name) if topic.name else Uuid(topic.topic_id)
                records = sent.get((topic.name, Uuid(topic.topic_id), partition.index))
                if (
                    partition.error_code
                    or topic_id not in there
                    or not records
                    or len(self.batches) >= LEDGER_LIMIT
                ):
                    continue
                assert topic_id is not None
                place = Acknowledged(topic_id, partition.index, partition.base_offset)
                self.batches.setdefault(place, _batch(records))


def _batch(records: bytes) -> Batch:
    header = read_header(records)
    if header.has_producer_id:
        return Batch(header.records_count, None)
    return Batch(header.records_count, digest(iterate_records(records, 0, header)))


def digest(records: Iterable[Record]) -> bytes:
    """Return what tells two batches apart, whatever their compression, offsets and timestamps."""
    state = hashlib.sha1(usedforsecurity=False)
    for record in records:
        state.update(repr((record.key, record.value, [(h.key, h.value) for h in record.headers])).encode())
    return state.digest()
