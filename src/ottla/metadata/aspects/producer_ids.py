"""The next producer id that has not been handed out in a block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ottla.metadata.records import ProducerIdsRecord

PRODUCER_ID_BLOCK_SIZE = 1000
"""Ids handed out at a time, so that a log record is needed for one producer in a thousand (ProducerIdsBlock)."""


@dataclass(frozen=True, slots=True)
class ProducerIdsImage:
    """Where the next block starts."""

    next_producer_id: int = 0

    def to_records(self, broker_id: int) -> Iterator[ProducerIdsRecord]:
        """Yield the record that rebuilds this image; none when no block was ever handed out."""
        if self.next_producer_id > 0:
            yield ProducerIdsRecord(
                broker_id=broker_id, broker_epoch=-1, next_producer_id=self.next_producer_id
            )


class ProducerIdsDelta:
    """The newest block of one batch of records."""

    def __init__(self, image: ProducerIdsImage) -> None:
        self._next_producer_id = image.next_producer_id

    def replay_producer_ids(self, record: ProducerIdsRecord) -> None:
        """Move the start of the next block."""
        self._next_producer_id = record.next_producer_id

    def apply(self) -> ProducerIdsImage:
        """Return the image with the changes."""
        return ProducerIdsImage(self._next_producer_id)
