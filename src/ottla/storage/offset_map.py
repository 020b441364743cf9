"""The offset map of the log cleaner: for each key of the dirty section, the offset of its latest record.

The law: it never takes more memory than it was given, 24 bytes for a key as Kafka's `SkimpyOffsetMap`, and it holds as
many keys as that one, so that both cleaners come equally far in one round. Keys are known by a digest of 128 bits,
like there: two keys among billions share one with a probability of 10^-20. Unlike MD5, which Kafka takes, XXH3 costs a
Python program a ninth; that it withstands no attacker matters as little as with MD5, since whoever could make two keys
collide may also write tombstones for them.

In a dict of bytes a key would take 150 bytes, measured. Here sixteen digests lie side by side in a bucket, which one
call of `find` searches; what does not fit into its bucket goes into the next one.
"""

from __future__ import annotations

from array import array

from xxhash import xxh3_128_digest

BYTES_PER_KEY = 24
"""A digest and an offset. The counts of the buckets add a sixteenth of a byte."""

DIGEST_BYTES = 16
SLOTS_PER_BUCKET = 16
NOT_FOUND = -1

_BUCKET_BYTES = SLOTS_PER_BUCKET * DIGEST_BYTES
_EASY_FILL = 0.75
"""Buckets that are filled so far hardly ever overflow; a table for few keys need not be fuller than that."""


class OffsetMapTooSmallError(Exception):
    """The memory does not even hold one key, so that cleaning would never get on."""


class OffsetMap:
    """The latest offsets of at most `most_keys` keys, and the offset up to which the log was taken in."""

    __slots__ = ("_buckets", "_counts", "_digests", "_offsets", "latest_offset", "most_keys", "size")

    def __init__(self, memory_bytes: int, load_factor: float, *, expected_keys: int | None = None) -> None:
        """Make an empty map of `memory_bytes` that counts as full at `load_factor` of its slots.

        Where no more than `expected_keys` can come, no more memory is taken than these need. Raises
        OffsetMapTooSmallError.
        """
        slots = memory_bytes // BYTES_PER_KEY
        if slots * load_factor <= 1:
            raise OffsetMapTooSmallError(
                "offset map is too small to fit in even a single message, so log cleaning will never make progress. "
                "You can increase log.cleaner.dedupe.buffer.size or decrease log.cleaner.threads"
            )
        self.most_keys = min(int(slots * load_factor), slots)
        """A map with so many keys is full."""
        self.size = 0
        """How many keys there are."""
        self.latest_offset = -1
        """Records up to this offset are in the map, as far as they have keys and are to be there."""
        if expected_keys is not None:
            slots = min(slots, int(expected_keys / _EASY_FILL) + 1)
        self._buckets = -(-slots // SLOTS_PER_BUCKET)
        self._digests = bytearray(self._buckets * _BUCKET_BYTES)
        self._offsets = array("q", bytes(8)) * (self._buckets * SLOTS_PER_BUCKET)
        self._counts = bytearray(self._buckets)

    @property
    def utilization(self) -> float:
        """Which part of the keys that fit are there."""
        return self.size / self.most_keys

    def put(self, key: bytes, offset: int) -> bool:
        """Take note of a record; tell whether that was possible, since a full map takes none.

        A full map refuses known keys as well, as Kafka's does, so that all up to `latest_offset` is complete.
        """
        if self.size >= self.most_keys:
            return False
        digest = xxh3_128_digest(key)
        bucket = int.from_bytes(digest[:6], "little") % self._buckets
        counts = self._counts
        while True:
            start = bucket * _BUCKET_BYTES
            end = start + counts[bucket] * DIGEST_BYTES
            found = self._digests.find(digest, start, end)
            if found >= 0:
                self._offsets[found // DIGEST_BYTES] = offset
                break
            if end - start < _BUCKET_BYTES:
                self._digests[end : end + DIGEST_BYTES] = digest
                self._offsets[end // DIGEST_BYTES] = offset
                counts[bucket] += 1
                self.size += 1
                break
            bucket = (bucket + 1) % self._buckets
        self.latest_offset = offset
        return True

    def latest_flags(self, start_offset: int) -> bytearray | None:
        """Return a byte for each offset from `start_offset` to the latest one: 1 where it is the latest of a key.

        So nobody has to look keys up of which the map has taken all records. None where there would be more offsets
        than the map has keys when it is full: one more byte for each of these is what this may cost.
        """
        span = self.latest_offset + 1 - start_offset
        if span > self.most_keys:
            return None
        flags = bytearray(span)
        for bucket, count in enumerate(self._counts):
            if count:
                first = bucket * SLOTS_PER_BUCKET
                for offset in self._offsets[first : first + count]:
                    flags[offset - start_offset] = 1
        return flags

    def get(self, key: bytes) -> int:
        """Return the latest offset of a key, -1 where the key is not in the map."""
        digest = xxh3_128_digest(key)
        bucket = int.from_bytes(digest[:6], "little") % self._buckets
        for _ in range(self._buckets):
            start = bucket * _BUCKET_BYTES
            end = start + self._counts[bucket] * DIGEST_BYTES
            found = self._digests.find(digest, start, end)
            if found >= 0:
                return self._offsets[found // DIGEST_BYTES]
            if end - start < _BUCKET_BYTES:
                break
            bucket = (bucket + 1) % self._buckets
        return NOT_FOUND
