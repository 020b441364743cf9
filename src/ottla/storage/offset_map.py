"""The offset map of the log cleaner: for each key of the dirty section, the offset of its latest record.

The law: it takes no more memory than it was given, 24 bytes for a key as Kafka's `SkimpyOffsetMap`, and it holds as
many keys as that one, so that both cleaners come equally far in one round. It begins small; in the moment in which it
grows the table before, a quarter of the new one, is there too. Keys are known by a digest of 128 bits, like there: two
keys among billions share one with a probability of 10^-20. XXH3 costs a ninth of MD5, which Kafka takes; that it
withstands no attacker matters as little as with MD5, since whoever could make two keys collide may also write
tombstones for them.

In a dict of bytes a key would take 110 to 140 bytes, measured. Here sixteen digests lie side by side in a bucket,
which one call of `find` searches; what does not fit into its bucket goes into the next one.
"""

from __future__ import annotations

from array import array

from xxhash import xxh3_128_digest

BYTES_PER_KEY = 24
"""A digest and an offset. The counts of the buckets add a sixteenth of a byte."""

DIGEST_BYTES = 16
SLOTS_PER_BUCKET = 16
NOT_FOUND = -1

FIRST_SLOTS = 1 << 14
"""A map begins with 400 KB, since most logs have few keys, and a small table stays in the processor's cache."""

FLAGS_PART = 8
"""The flags of a long dirty section may take an eighth of the map's memory on top of it."""

_BUCKET_BYTES = SLOTS_PER_BUCKET * DIGEST_BYTES
_GROWTH = 4
_FILLED = 0.75
"""Buckets that are filled so far hardly ever overflow; a table that can grow does not become fuller."""


class OffsetMapTooSmallError(Exception):
    """The memory does not even hold one key, so that cleaning would never get on."""


class OffsetMap:
    """The latest offsets of at most `most_keys` keys, and the offset up to which the log was taken in."""

    __slots__ = (
        "_buckets",
        "_counts",
        "_digests",
        "_grows_at",
        "_most_buckets",
        "_most_flags",
        "_offsets",
        "latest_offset",
        "most_keys",
        "size",
    )

    def __init__(self, memory_bytes: int, load_factor: float) -> None:
        """Make an empty map that may take `memory_bytes`, and counts as full at `load_factor` of its slots.

        Raises OffsetMapTooSmallError.
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
        self._most_flags = memory_bytes // FLAGS_PART
        self._most_buckets = -(-slots // SLOTS_PER_BUCKET)
        self._allocate(FIRST_SLOTS // SLOTS_PER_BUCKET)

    def _allocate(self, buckets: int) -> None:
        self._buckets = min(buckets, self._most_buckets)
        can_grow = self._buckets < self._most_buckets
        self._grows_at = int(self._buckets * SLOTS_PER_BUCKET * _FILLED) if can_grow else self.most_keys
        self._digests = bytearray(self._buckets * _BUCKET_BYTES)
        self._offsets = array("q", bytes(8)) * (self._buckets * SLOTS_PER_BUCKET)
        self._counts = bytearray(self._buckets)

    def _grow(self) -> None:
        """Move everything into a larger table."""
        digests, offsets, counts = self._digests, self._offsets, self._counts
        self._allocate(self._buckets * _GROWTH)
        for bucket, count in enumerate(counts):
            for slot in range(bucket * SLOTS_PER_BUCKET, bucket * SLOTS_PER_BUCKET + count):
                digest = digests[slot * DIGEST_BYTES : slot * DIGEST_BYTES + DIGEST_BYTES]
                place = int.from_bytes(digest[:6], "little") % self._buckets
                while self._counts[place] == SLOTS_PER_BUCKET:
                    place = (place + 1) % self._buckets
                free = place * SLOTS_PER_BUCKET + self._counts[place]
                self._digests[free * DIGEST_BYTES : free * DIGEST_BYTES + DIGEST_BYTES] = digest
                self._offsets[free] = offsets[slot]
                self._counts[place] += 1

    @property
    def utilization(self) -> float:
        """Which part of the keys that fit are there."""
        return self.size / self.most_keys

    def put(self, key: bytes, offset: int) -> bool:
        """Take note of a record; tell whether that was possible, since a full map takes none.

        A full map refuses known keys as well, as Kafka's does, so that all up to `latest_offset` is complete.
        """
        if self.size >= self._grows_at:
            if self.size >= self.most_keys:
                return False
            self._grow()
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

        So nobody has to look keys up of which the map has taken all records. None where that would take too much
        memory (`FLAGS_PART`).
        """
        span = self.latest_offset + 1 - start_offset
        if span > self._most_flags:
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
