"""Records of aspects that the broker does not act on yet: kept as they are, so that no snapshot loses them.

One table says what a record is about; the newest record about the same thing stands.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ottla.metadata.records import (
    AccessControlEntryRecord,
    DelegationTokenRecord,
    RemoveAccessControlEntryRecord,
    RemoveDelegationTokenRecord,
)

KeptRecord = AccessControlEntryRecord | DelegationTokenRecord
KeptRemoval = RemoveAccessControlEntryRecord | RemoveDelegationTokenRecord


_SUBJECTS: dict[type, Callable[[Any], tuple[type, Hashable]]] = {
    AccessControlEntryRecord: lambda record: (AccessControlEntryRecord, record.id),
    RemoveAccessControlEntryRecord: lambda record: (AccessControlEntryRecord, record.id),
    DelegationTokenRecord: lambda record: (DelegationTokenRecord, record.token_id),
    RemoveDelegationTokenRecord: lambda record: (DelegationTokenRecord, record.token_id),
}


@dataclass(frozen=True, slots=True)
class KeptImage:
    """The newest record of each subject, by record class and identity."""

    records: Mapping[tuple[type, Hashable], KeptRecord] = field(default_factory=dict)

    def of(self, record_class: type) -> Iterator[KeptRecord]:
        """Yield the records of one class."""
        for (kept_class, _), record in self.records.items():
            if kept_class is record_class:
                yield record


class KeptDelta:
    """What one batch of records adds to the kept ones and takes from them."""

    def __init__(self, image: KeptImage) -> None:
        self._image = image
        self._records: dict[tuple[type, Hashable], KeptRecord] | None = None

    def replay_kept(self, record: KeptRecord) -> None:
        """Keep a record."""
        self._touched()[_SUBJECTS[type(record)](record)] = record

    def replay_removal(self, record: KeptRemoval) -> None:
        """Let a record go; one that is not there is already gone."""
        self._touched().pop(_SUBJECTS[type(record)](record), None)

    def apply(self) -> KeptImage:
        """Return the image with the changes, or the same where there are none."""
        return self._image if self._records is None else KeptImage(self._records)

    def _touched(self) -> dict[tuple[type, Hashable], KeptRecord]:
        if self._records is None:
            self._records = dict(self._image.records)
        return self._records
