"""A metadata log that is cut or damaged stops the start, and a torn end after a crash does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.coordination.metadata_cluster import (
    Node,
    format_directory,
    metadata_directory,
    open_node,
    result_of,
    run,
)

from ottla.coordination.metadata_damage import WAY_OUT, check_metadata_log
from ottla.metadata.formatting import read_bootstrap_records
from ottla.metadata.inconsistency import InconsistentMetadataError
from ottla.metadata.records import RemoveTopicRecord, encode_record
from ottla.protocol.messages.create_topics import CreatableTopic
from ottla.records.batch import iterate_batches, stamp
from ottla.records.builder import NewRecord, build_batch
from ottla.storage.files import FileSystem

FIRST_LOG = "00000000000000000000.log"


async def create(node: Node, *names: str) -> None:
    topics = [CreatableTopic(name=name, num_partitions=1, replication_factor=1) for name in names]
    await result_of(node.controller.create_topics(topics, validate_only=False, timeout_ms=10_000))


def live(
    path: Path, *, crash: bool, topics: int = 10, segment_bytes: int | None = None, **overrides: str
) -> int:
    """Let a node live on a fresh directory with some topics; return its broker epoch."""
    format_directory(path)
    epochs = []

    async def main() -> None:
        node = open_node(path, segment_bytes=segment_bytes, **overrides)
        epochs.append(await node.start())
        for number in range(topics):
            await create(node, f"t{number}")
        node.crash() if crash else await node.stop()

    run(main)
    return epochs[0]


def check(path: Path, *, clean: bool, epoch: int = -1) -> None:
    check_metadata_log(
        FileSystem(), metadata_directory(path), was_stopped_cleanly=clean, previous_broker_epoch=epoch
    )


def batch_ends(log: Path) -> list[tuple[int, int]]:
    """Position and next offset behind each batch of a log file."""
    content = log.read_bytes()
    return [(at + header.size_bytes, header.next_offset) for at, header in iterate_batches(content)]


@pytest.mark.parametrize("crash", [False, True])
def test_a_whole_log_is_accepted(tmp_path: Path, crash: bool) -> None:
    epoch = live(tmp_path, crash=crash, segment_bytes=800)
    assert len(list(metadata_directory(tmp_path).glob("*.log"))) > 2
    check(tmp_path, clean=not crash, epoch=-1 if crash else epoch)


def test_nothing_is_accepted_for_a_new_directory(tmp_path: Path) -> None:
    check(tmp_path, clean=False)


def test_every_cut_of_the_last_batch_is_a_torn_end_after_a_crash_only(tmp_path: Path) -> None:
    live(tmp_path, crash=True)
    log = metadata_directory(tmp_path) / FIRST_LOG
    content = log.read_bytes()
    *_, (before_last, offset), (end, _) = batch_ends(log)
    for size in range(before_last + 1, end):
        log.write_bytes(content[:size])
        check(tmp_path, clean=False)
        with pytest.raises(InconsistentMetadataError, match=f"offset {offset}, byte {before_last}"):
            check(tmp_path, clean=True)
        log.write_bytes(content[:size] + bytes(end - size))
        check(tmp_path, clean=False)


@pytest.mark.parametrize("crash", [False, True])
def test_damage_before_sound_batches_is_named_and_nothing_changes(tmp_path: Path, crash: bool) -> None:
    live(tmp_path, crash=crash)
    log = metadata_directory(tmp_path) / FIRST_LOG
    content = bytearray(log.read_bytes())
    (first_end, offset), (second_end, _), *_ = batch_ends(log)
    for position in (first_end + 8, first_end + 16, first_end + 30, second_end - 1):
        damaged = bytearray(content)
        damaged[position] ^= 0x7F
        log.write_bytes(damaged)
        with pytest.raises(InconsistentMetadataError) as refusal:
            check(tmp_path, clean=not crash)
        assert f"damaged at offset {offset}, byte {first_end}" in str(refusal.value)
        assert WAY_OUT in str(refusal.value)
        assert log.read_bytes() == damaged


def test_a_log_that_was_cut_between_batches_is_noticed_after_a_clean_stop(tmp_path: Path) -> None:
    epoch = live(tmp_path, crash=False)
    log = metadata_directory(tmp_path) / FIRST_LOG
    ends = batch_ends(log)
    place, offset = max(end for end in ends if end[1] <= epoch)
    log.write_bytes(log.read_bytes()[:place])
    with pytest.raises(
        InconsistentMetadataError, match=f"ends at offset {offset}.*registered at offset {epoch}"
    ):
        check(tmp_path, clean=True, epoch=epoch)


def test_a_missing_segment_is_noticed(tmp_path: Path) -> None:
    live(tmp_path, crash=True, segment_bytes=800)
    logs = sorted(metadata_directory(tmp_path).glob("*.log"))
    logs[1].unlink()
    with pytest.raises(InconsistentMetadataError, match="what is before it is missing"):
        check(tmp_path, clean=False)


def test_what_a_snapshot_stands_for_is_not_read_after_a_clean_stop(tmp_path: Path) -> None:
    live(tmp_path, crash=False, metadata_log_max_record_bytes_between_snapshots="1500")
    log = metadata_directory(tmp_path) / FIRST_LOG
    damaged = bytearray(log.read_bytes())
    damaged[80] ^= 1
    log.write_bytes(damaged)
    check(tmp_path, clean=True)
    with pytest.raises(InconsistentMetadataError):
        check(tmp_path, clean=False)


def test_a_batch_that_claims_more_than_any_has_is_not_read_into_memory(tmp_path: Path) -> None:
    live(tmp_path, crash=False)
    log = metadata_directory(tmp_path) / FIRST_LOG
    content = bytearray(log.read_bytes())
    content[8:12] = (16 * 1024 * 1024).to_bytes(4, "big")
    log.write_bytes(content + bytes(16 * 1024 * 1024))
    with pytest.raises(InconsistentMetadataError, match="more than any has"):
        check(tmp_path, clean=True)


SEGMENT_BYTES = 800
OFTEN = {"metadata_log_max_record_bytes_between_snapshots": "1500", "metadata_max_retention_bytes": "1"}
"""Snapshots after a few changes, and of the log no more than they ask for."""


def segments(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.log"))


def newest_snapshot(directory: Path) -> Path:
    return max(directory.glob("*.checkpoint"))


def cut_in_the_middle(directory: Path) -> str:
    log = segments(directory)[1]
    (first_end, offset), (end, _), *_ = batch_ends(log)
    log.write_bytes(log.read_bytes()[: (first_end + end) // 2])
    return f"{log} is damaged at offset {offset}, byte {first_end}: "


def flip_a_byte(directory: Path) -> str:
    log = segments(directory)[1]
    content = bytearray(log.read_bytes())
    (end, offset), *_ = batch_ends(log)
    content[end + 70] ^= 0x55
    log.write_bytes(content)
    return f"{log} is damaged at offset {offset}, byte {end}: "


def lose_a_segment(directory: Path) -> str:
    lost, log = segments(directory)[-2:]
    base = int(lost.stem)
    lost.unlink()
    place = f"{log} is damaged at offset {base}, byte 0: "
    return f"{place}it begins at offset {int(log.stem)}, and what is before it is missing. "


def damage_the_snapshot(directory: Path) -> str:
    snapshot = newest_snapshot(directory)
    content = bytearray(snapshot.read_bytes())
    content[len(content) // 2] ^= 0x55
    snapshot.write_bytes(content)
    return f"{snapshot} is damaged: "


def cut_the_snapshot(directory: Path) -> str:
    snapshot = newest_snapshot(directory)
    content = snapshot.read_bytes()
    *_, (before_footer, _), _ = batch_ends(snapshot)
    snapshot.write_bytes(content[:before_footer])
    return f"{snapshot} is damaged: the snapshot does not end with a footer record. "


def lose_the_snapshots(directory: Path) -> str:
    for snapshot in directory.glob("*.checkpoint"):
        snapshot.unlink()
    first, last = segments(directory)[0], segments(directory)[-1]
    _, end_offset = batch_ends(last)[-1]
    offsets = f"has the offsets from {int(first.stem)} to {end_offset}"
    return f"{offsets}, but there is no snapshot: what is between them is missing. "


def spoil_the_quorum_state(directory: Path) -> str:
    (directory / "quorum-state").write_text("{")
    return "quorum-state cannot be read: "


def contradict(directory: Path) -> str:
    """Add a sound batch that deletes a topic which there is not."""
    log = segments(directory)[-1]
    content = log.read_bytes()
    *_, header = [header for _, header in iterate_batches(content)]
    value = encode_record(RemoveTopicRecord(topic_id=bytes(15) + b"t"), 0)
    batch = build_batch([NewRecord(None, value)], now_ms=1, leader_epoch=1)
    stamp(batch, 0, header.next_offset, header.leader_epoch)
    log.write_bytes(content + batch)
    return f"the record at offset {header.next_offset} of the metadata log, a RemoveTopicRecord, is refused: "


@pytest.mark.parametrize("crash", [False, True])
@pytest.mark.parametrize(
    ("damage", "overrides"),
    [
        (cut_in_the_middle, {}),
        (flip_a_byte, {}),
        (lose_a_segment, {}),
        (spoil_the_quorum_state, {}),
        (contradict, {}),
        (damage_the_snapshot, OFTEN),
        (cut_the_snapshot, OFTEN),
        (lose_the_snapshots, OFTEN),
    ],
)
def test_a_start_that_is_refused_names_the_place_and_the_way_out_and_changes_nothing(
    tmp_path: Path, damage: Callable[[Path], str], overrides: dict[str, str], crash: bool
) -> None:
    """After a crash neither: what would be recovered, a torn end and files left unfinished, is still there."""
    live(tmp_path, crash=crash, topics=30, segment_bytes=SEGMENT_BYTES, **overrides)
    directory = metadata_directory(tmp_path)
    expected = damage(directory)
    if crash:
        (directory / "00000000000000000099-0000000001.checkpoint.part").write_bytes(b"unfinished")
        with segments(directory)[-1].open("ab") as log:
            log.write(b"and a torn end")
        for index in directory.glob("*index"):
            index.write_bytes(index.read_bytes() + bytes(24))
    before = {path.name: path.read_bytes() for path in directory.iterdir()}

    async def start() -> None:
        node = open_node(tmp_path, segment_bytes=SEGMENT_BYTES, **overrides)
        try:
            await result_of(node.controller.load(read_bootstrap_records(node.directory.files, tmp_path)))
        finally:
            node.controller.close()
            node.crash()

    with pytest.raises(InconsistentMetadataError) as refusal:
        run(start)
    assert expected in str(refusal.value)
    assert WAY_OUT in str(refusal.value)
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == before
