import pytest
from tests.unit.metadata.clusters import cluster

from ottla.metadata import records as r
from ottla.metadata.image import EMPTY, apply_records
from ottla.metadata.inconsistency import InconsistentMetadataError
from ottla.metadata.log_entries import build_control_batch, build_data_batches, read_entries
from ottla.metadata.snapshot import SnapshotId, decode_snapshot, encode_snapshot, parse_file_name
from ottla.protocol.raft_records import KRaftVersionRecord, SnapshotFooterRecord, SnapshotHeaderRecord
from ottla.records.batch import CorruptBatchError, iterate_batches
from ottla.records.builder import NewRecord, build_batch

KAFKA_BOOTSTRAP = bytes.fromhex(
    """
    000000000000000000000047000000000287983f05002000000000000001a1fcddacb6000001a1fcddacb6ffffffffff
    ffffffffffffffffff000000012a0000000800000003160000000000000000000000000000000000000001000000b900
    00000002f719dada000000000003000001a1fcddacd4000001a1fcddacd4ffffffffffffffffffffffffffff00000004
    3a000000012e010c00116d657461646174612e76657273696f6e001b00005a000002014e010c0021656c696769626c65
    2e6c65616465722e7265706c696361732e76657273696f6e00010000340000040128010c000e67726f75702e76657273
    696f6e00010000400000060134010c00147472616e73616374696f6e2e76657273696f6e000200000000000000000005
    0000003f00000000026679c0f9002000000000000001a1fcddacd5000001a1fcddacd5ffffffffffffffffffffffffff
    ff000000011a00000008000000040600000000
    """
)
"""The `bootstrap.checkpoint` that Apache Kafka 4.1.1 formats a directory with."""


def test_kafkas_own_snapshot_is_read() -> None:
    snapshot = decode_snapshot(KAFKA_BOOTSTRAP)
    assert snapshot.last_contained_timestamp_ms == 0
    assert snapshot.quorum == []
    assert snapshot.records == [
        r.FeatureLevelRecord(name="metadata.version", feature_level=27),
        r.FeatureLevelRecord(name="eligible.leader.replicas.version", feature_level=1),
        r.FeatureLevelRecord(name="group.version", feature_level=1),
        r.FeatureLevelRecord(name="transaction.version", feature_level=2),
    ]


def test_a_snapshot_has_kafkas_bytes_but_for_times_and_checksums() -> None:
    records = decode_snapshot(KAFKA_BOOTSTRAP).records
    ours = encode_snapshot(records, metadata_version=27, epoch=0, last_contained_timestamp_ms=0, now_ms=1)
    assert len(ours) == len(KAFKA_BOOTSTRAP)
    for (position, _), (their_position, _) in zip(
        iterate_batches(ours), iterate_batches(KAFKA_BOOTSTRAP), strict=True
    ):
        assert position == their_position
    comparable = [
        [header._replace(crc=0, base_timestamp=0, max_timestamp=0) for _, header in iterate_batches(content)]
        for content in (ours, KAFKA_BOOTSTRAP)
    ]
    assert comparable[0] == comparable[1]
    assert decode_snapshot(ours).records == records


def test_an_image_survives_its_snapshot() -> None:
    image = cluster({"t": 3, "u": 1})
    content = encode_snapshot(
        image.to_records(1), metadata_version=27, epoch=4, last_contained_timestamp_ms=77, now_ms=99
    )
    snapshot = decode_snapshot(content)
    rebuilt, _ = apply_records(EMPTY, snapshot.records, offset=image.offset, epoch=image.epoch)
    assert rebuilt == image
    assert snapshot.last_contained_timestamp_ms == 77
    headers = [header for _, header in iterate_batches(content)]
    assert {header.leader_epoch for header in headers} == {4}
    assert [header.base_offset for header in headers] == [0, 1, headers[1].next_offset]


def test_what_the_quorum_says_about_itself_lies_in_the_head() -> None:
    version = KRaftVersionRecord(version=0, kraft_version=1)
    content = encode_snapshot(
        [], metadata_version=27, epoch=0, last_contained_timestamp_ms=0, now_ms=0, quorum=[version]
    )
    assert decode_snapshot(content).quorum == [version]
    assert [header.records_count for _, header in iterate_batches(content)] == [2, 1]


def test_a_cut_snapshot_is_refused() -> None:
    with pytest.raises(CorruptBatchError):
        decode_snapshot(KAFKA_BOOTSTRAP[:-1])


def test_a_changed_byte_is_noticed() -> None:
    damaged = bytearray(KAFKA_BOOTSTRAP)
    damaged[170] ^= 1
    with pytest.raises(CorruptBatchError):
        decode_snapshot(damaged)


@pytest.mark.parametrize(
    ("control", "words"),
    [
        ([SnapshotFooterRecord()], "header"),
        ([SnapshotHeaderRecord()], "footer"),
        ([], "header"),
    ],
)
def test_header_and_footer_are_required(control: list[SnapshotHeaderRecord], words: str) -> None:
    content = b"".join(build_control_batch([record], now_ms=0) for record in control)
    with pytest.raises(CorruptBatchError, match=words):
        decode_snapshot(content)


def test_file_names() -> None:
    name = SnapshotId(48, 1).file_name
    assert name == "00000000000000000048-0000000001.checkpoint"
    assert parse_file_name(name) == SnapshotId(48, 1)
    for other in ("00000000000000000048.log", name + ".part", name + ".deleted", "bootstrap.checkpoint"):
        assert parse_file_name(other) is None


def test_many_records_make_several_batches() -> None:
    batches = build_data_batches([r.NoOpRecord()] * 10_001, 27, now_ms=0)
    assert [sum(len(entries) for _, entries in read_entries(batch)) for batch in batches] == [10_000, 1]


def test_a_record_that_nobody_knows_is_not_skipped() -> None:
    unknown = build_batch([NewRecord(None, b"\x01\x63\x00\x00")], now_ms=0)
    with pytest.raises(InconsistentMetadataError, match="key 99"):
        list(read_entries(unknown))
    with pytest.raises(InconsistentMetadataError, match="no value"):
        list(read_entries(build_batch([NewRecord(None, None)], now_ms=0)))
    with pytest.raises(InconsistentMetadataError, match="no known type"):
        list(read_entries(build_batch([NewRecord(b"\0\0\0\x63", b"")], now_ms=0, control=True)))
