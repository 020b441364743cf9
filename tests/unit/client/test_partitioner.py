"""Keys go where Java's client sends them; records without a key stay together."""

from random import Random

import pytest

from ottla.client.partitioner import StickyPartition, murmur2, partition_for_key


# The pairs of Kafka's own UtilsTest.testMurmur2.
@pytest.mark.parametrize(
    ("key", "signed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_the_hash_is_kafkas(key: bytes, signed: int) -> None:
    assert murmur2(key) == signed & 0xFFFFFFFF


def test_a_partition_is_the_hash_without_its_sign() -> None:
    assert partition_for_key(b"21", 1000) == (-973932308 & 0x7FFFFFFF) % 1000
    assert partition_for_key(b"", 7) in range(7)


def test_slow_partitions_are_chosen_less_often() -> None:
    sticky = StickyPartition(Random(1))
    queued = {0: 0, 1: 9}
    chosen = [sticky.choose([0, 1], queued.__getitem__) for _ in range(1000)]
    assert 50 < chosen.count(1) < 150  # one share of eleven


def test_without_loads_all_partitions_are_alike() -> None:
    sticky = StickyPartition(Random(1))
    sticky.produced_bytes = 5
    chosen = [sticky.choose([3, 4], None) for _ in range(1000)]
    assert 400 < chosen.count(3) < 600
    assert sticky.produced_bytes == 0
