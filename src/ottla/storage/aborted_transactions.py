"""Aborted transactions as the `.txnindex` files list them, and what becomes of transactions while a log is cleaned.

The law: a marker goes only after all data of its transaction, and data of an aborted transaction always goes. Format
and rules are Kafka's (facts 2.4 and 3.9, `TransactionIndex`, `CleanedTransactionMetadata`).
"""

from __future__ import annotations

import heapq
import logging
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from ottla.errors import ErrorCode, KafkaError
from ottla.records.batch import BatchHeader
from ottla.records.control import ControlType
from ottla.storage.files import FileSystem
from ottla.storage.log_view import LogView, end_of_segment
from ottla.storage.segment import ABORTED_INDEX_SUFFIX, file_name

logger = logging.getLogger(__name__)

_VERSION = 0
_ENTRY = struct.Struct(">hqqqq")


class CorruptTransactionIndexError(Exception):
    """An index of aborted transactions that cannot be believed; nobody may guess which data was aborted."""


class AbortedTransaction(NamedTuple):
    """One entry of an index."""

    producer_id: int
    first_offset: int
    last_offset: int
    """The marker's own offset."""
    last_stable_offset: int
    """The last stable offset once the transaction was aborted."""


def encode_aborted(transactions: Iterable[AbortedTransaction]) -> bytes:
    """Return the content of an index."""
    return b"".join(_ENTRY.pack(_VERSION, *transaction) for transaction in transactions)


def decode_aborted(content: bytes, name: str) -> list[AbortedTransaction]:
    """Return the entries of an index. Raises CorruptTransactionIndexError."""
    if len(content) % _ENTRY.size:
        raise CorruptTransactionIndexError(f"{name} has {len(content)} bytes, no whole number of entries")
    entries = []
    for version, *fields in _ENTRY.iter_unpack(content):
        if version > _VERSION:
            raise CorruptTransactionIndexError(
                f"Unexpected aborted transaction version {version} in transaction index {name},"
                f" current version is {_VERSION}"
            )
        entries.append(AbortedTransaction(*fields))
    return entries


def collect_aborted(
    files: FileSystem, directory: Path, base_offsets: Sequence[int], start_offset: int, end_offset: int
) -> list[AbortedTransaction]:
    """Return the aborted transactions that overlap the offsets from `start_offset` up to `end_offset`.

    `base_offsets` are those of all segments in order. The entry of a transaction is in the segment of its marker, which
    may come after the end. Raises CorruptTransactionIndexError and OSError.
    """
    found = []
    for number, base_offset in enumerate(base_offsets):
        if number + 1 < len(base_offsets) and base_offsets[number + 1] <= start_offset:
            continue
        path = directory / file_name(base_offset, ABORTED_INDEX_SUFFIX)
        try:
            content = files.read_file(path)
        except FileNotFoundError:
            continue
        for entry in decode_aborted(content, str(path)):
            if entry.last_offset >= start_offset and entry.first_offset < end_offset:
                found.append(entry)
            if entry.last_stable_offset >= end_offset:
                return found
    return found


def aborted_in_read(
    files: FileSystem, directory: Path, view: LogView, offset: int, upper_bound: int
) -> list[AbortedTransaction]:
    """Return the aborted transactions among what a read from `offset` on, below `upper_bound`, may return.

    That lies in one segment, of which this names the transactions behind the last batch too. Raises OSError, and
    KafkaError UNKNOWN_SERVER_ERROR where an index cannot be believed.
    """
    end = min(end_of_segment(view, offset), upper_bound)
    try:
        return collect_aborted(files, directory, view.base_offsets, offset, end)
    except CorruptTransactionIndexError as error:
        logger.error("Cannot tell aborted records from committed ones: %s", error)
        raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, str(error)) from error


class TransactionsInCleaning:
    """Which transactions are open where the cleaner stands, told of every batch in order."""

    __slots__ = ("_aborted", "_committed", "_ongoing", "retained")

    def __init__(self) -> None:
        self._aborted: list[tuple[int, AbortedTransaction]] = []
        self._ongoing: dict[int, tuple[AbortedTransaction, bool]] = {}
        self._committed: set[int] = set()
        self.retained: list[AbortedTransaction] = []
        """Those whose markers stay, for the index of the cleaned segment; whoever writes it empties the list."""

    def add(self, aborted: Iterable[AbortedTransaction]) -> None:
        """Take in aborted transactions of the batches to come; one that is named twice counts once."""
        for transaction in aborted:
            heapq.heappush(self._aborted, (transaction.first_offset, transaction))

    def takes_batch(self, header: BatchHeader) -> bool:
        """Take note of a data batch; tell whether its transaction was aborted, so that it may go."""
        self._begin_up_to(header.last_offset)
        if not header.is_transactional:
            return False
        ongoing = self._ongoing.get(header.producer_id)
        if ongoing is None:
            self._committed.add(header.producer_id)
            return False
        self._ongoing[header.producer_id] = (ongoing[0], True)
        return True

    def takes_marker(self, header: BatchHeader, control_type: ControlType | None) -> bool:
        """Take note of a control batch; tell whether nothing is left of its transaction, so that it may go.

        The type is None for a batch that was emptied before.
        """
        self._begin_up_to(header.last_offset)
        if control_type is None:
            return True
        if control_type is ControlType.ABORT:
            transaction, has_data = self._ongoing.pop(header.producer_id, (None, False))
            if transaction is None or not has_data:
                return True
            self.retained.append(transaction)
            return False
        if control_type is ControlType.COMMIT:
            has_data = header.producer_id in self._committed
            self._committed.discard(header.producer_id)
            return not has_data
        return False

    def _begin_up_to(self, offset: int) -> None:
        while self._aborted and self._aborted[0][0] <= offset:
            _, transaction = heapq.heappop(self._aborted)
            self._ongoing.setdefault(transaction.producer_id, (transaction, False))
