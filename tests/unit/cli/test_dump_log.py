"""kafka-dump-log over files: logs, indexes, snapshots; how Kafka's own tool shows them is compared in `tests/tools`."""

import zlib
from pathlib import Path

import pytest

from ottla.cli.dump_log import main
from ottla.cli.failures import ToolError
from ottla.metadata.log_entries import build_data_batches
from ottla.metadata.records import TopicRecord
from ottla.metadata.snapshot import encode_snapshot
from ottla.records.builder import NewRecord, build_batch
from ottla.records.compression import Codec
from ottla.records.control import ControlType, EndTransactionMarker, build_marker_batch
from ottla.records.record import RecordHeader
from ottla.storage import offset_index, time_index
from ottla.storage.aborted_transactions import AbortedTransaction, encode_aborted
from ottla.storage.producer_state import BatchMetadata, ProducerEntry
from ottla.storage.producer_state import encode_snapshot as encode_producers
from ottla.types import Uuid

NAME = "0" * 20
LATEST_METADATA_VERSION = 27


def batch(values: list[bytes | None], base_offset: int = 0, **more: object) -> bytearray:
    records = [NewRecord(b"k", value, 1000 + index) for index, value in enumerate(values)]
    return build_batch(records, base_offset=base_offset, now_ms=1000, leader_epoch=3, **more)


def write(folder: Path, content: bytes, suffix: str = ".log", stem: str = NAME) -> str:
    path = folder / f"{stem}{suffix}"
    path.write_bytes(content)
    return str(path)


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert main(arguments) == 0
    return capsys.readouterr().out.splitlines()


def test_a_log_is_shown_batch_by_batch(tmp_path, capsys):
    content = batch([b"a", b"b"]) + batch([b"c"], 2, codec=Codec.GZIP)
    lines = shown(capsys, "--files", write(tmp_path, content))
    assert lines[:2] == [f"Dumping {tmp_path}/{NAME}.log", "Log starting offset: 0"]
    assert len(lines) == 4
    assert lines[2].startswith(
        "baseOffset: 0 lastOffset: 1 count: 2 baseSequence: -1 lastSequence: -1 producerId: -1 producerEpoch: -1 "
        "partitionLeaderEpoch: 3 isTransactional: false isControl: false deleteHorizonMs: OptionalLong.empty "
        "position: 0 CreateTime: 1001 size: "
    )
    assert " magic: 2 compresscodec: none crc: " in lines[2]
    assert lines[2].endswith(" isvalid: true")
    assert f" position: {len(batch([b'a', b'b']))} " in lines[3]
    assert " compresscodec: gzip " in lines[3]


def test_records_are_shown_with_and_without_their_contents(tmp_path, capsys):
    record = NewRecord(None, "\u00e4".encode(), 5, (RecordHeader("h1", None), RecordHeader("h2", b"")))
    content = build_batch([record], now_ms=5, producer_id=9, producer_epoch=1, base_sequence=4)
    path = write(tmp_path, content)
    line = "| offset: 0 CreateTime: 5 keySize: -1 valueSize: 2 sequence: 4 headerKeys: [h1,h2]"
    assert shown(capsys, "--files", path, "--deep-iteration")[3] == line
    assert shown(capsys, "--files", path, "--print-data-log")[3] == line + " payload: \u00e4"
    assert (
        shown(capsys, "--files", path, "--print-data-log", "--skip-record-metadata")[3] == " payload: \u00e4"
    )
    keyed = write(tmp_path, batch([None]), stem="0" * 19 + "1")
    assert shown(capsys, "--files", keyed, "--print-data-log", "--skip-record-metadata")[3] == "| key: k"


def test_the_end_of_a_transaction_is_shown(tmp_path, capsys):
    marker = EndTransactionMarker(ControlType.COMMIT, 7)
    content = build_marker_batch(marker, now_ms=5, producer_id=9, producer_epoch=1)
    line = shown(capsys, "--files", write(tmp_path, content), "--print-data-log")[3]
    assert line.endswith("headerKeys: [] endTxnMarker: COMMIT coordinatorEpoch: 7")


def test_damage_is_shown_and_not_hidden(tmp_path, capsys):
    content = bytearray(batch([b"a"]))
    content[-1] ^= 1
    lines = shown(capsys, "--files", write(tmp_path, content + b"\0" * 5))
    assert lines[2].endswith(" isvalid: false")
    assert lines[3] == f"Found 5 invalid bytes at the end of {NAME}.log"


def test_a_limit_leaves_out_the_rest_without_a_word(tmp_path, capsys):
    content = batch([b"a"]) + batch([b"b"], 1)
    path = write(tmp_path, content)
    assert len(shown(capsys, "--files", path, "--max-bytes", str(len(content) - 1))) == 3


def test_a_size_that_cannot_be_ends_the_tool(tmp_path, capsys):
    path = write(tmp_path, batch([b"a"]) + bytes(40))
    with pytest.raises(ToolError) as error:
        main(["--files", path])
    assert error.value.java_text() == (
        "org.apache.kafka.common.errors.CorruptRecordException: Found record size 0 smaller than minimum record "
        f"overhead (14) in file {path}."
    )
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_gaps_between_offsets_are_told_at_the_end_the_last_first(tmp_path, capsys):
    path = write(tmp_path, batch([b"a"]) + batch([b"b"], 5) + batch([b"c"], 9))
    main(["--files", path, "--deep-iteration"])
    assert capsys.readouterr().err.splitlines() == [
        f"Non-consecutive offsets in {path}",
        "  5 is followed by 9",
        "  0 is followed by 5",
    ]


def test_metadata_is_shown_as_json(tmp_path, capsys):
    topic = TopicRecord(name="t", topic_id=Uuid(bytes(15) + b"\5"))
    (content,) = build_data_batches([topic], LATEST_METADATA_VERSION, now_ms=1)
    line = shown(capsys, "--files", write(tmp_path, content), "--cluster-metadata-decoder")[3]
    assert line.endswith(
        ' payload: {"type":"TOPIC_RECORD","version":0,"data":{"name":"t","topicId":"AAAAAAAAAAAAAAAAAAAABQ"}}'
    )


def test_a_snapshot_of_the_metadata_has_header_and_footer(tmp_path, capsys):
    content = encode_snapshot(
        [], metadata_version=LATEST_METADATA_VERSION, epoch=2, last_contained_timestamp_ms=4, now_ms=5
    )
    path = write(tmp_path, content, ".checkpoint", "00000000000000000007-0000000002")
    lines = shown(capsys, "--files", path, "--cluster-metadata-decoder")
    assert lines[1] == "Snapshot end offset: 7, epoch: 2"
    assert lines[3].endswith(' SnapshotHeader {"version":0,"lastContainedLogTimestamp":4}')
    assert lines[-1].endswith(' SnapshotFooter {"version":0}')
    bootstrap = write(tmp_path, content, ".checkpoint", "bootstrap")
    assert shown(capsys, "--files", bootstrap)[1] == "KRaft bootstrap snapshot"


def test_an_offset_index_is_compared_with_its_log(tmp_path, capsys):
    first, second = batch([b"a"]), batch([b"b", b"c"], 1)
    write(tmp_path, first + second)
    entries = offset_index.encode_entry(2, len(first)) + offset_index.encode_entry(1, 0)
    path = write(tmp_path, entries, ".index")
    assert main(["--files", path]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[1:] == [f"offset: 2 position: {len(first)}", "offset: 1 position: 0"]
    assert said.err.splitlines() == [f"Mismatches in :{path}", "  Index offset: 1, log offset: 0"]
    assert shown(capsys, "--files", path, "--verify-index-only") == [f"Dumping {path}"]
    assert shown(capsys, "--files", path, "--index-sanity-check")[1] == f"{path} passed sanity check."


def test_zeros_at_the_end_of_an_index_are_no_entries_and_an_empty_one_says_so(tmp_path, capsys):
    write(tmp_path, batch([b"a"]))
    path = write(tmp_path, offset_index.encode_entry(0, 0) + bytes(16), ".index")
    assert shown(capsys, "--files", path)[1:] == ["offset: 0 position: 0"]
    write(tmp_path, b"", ".index")
    assert shown(capsys, "--files", path)[1:] == [f"{path} is empty."]


def test_a_time_index_is_compared_with_its_log(tmp_path, capsys):
    content = batch([b"a"]) + batch([b"b"], 1)
    write(tmp_path, content)
    write(tmp_path, b"", ".index")
    entries = [(1000, 0), (999, 1), (2000, 7)]
    path = write(tmp_path, b"".join(time_index.encode_entry(*entry) for entry in entries), ".timeindex")
    assert main(["--files", path]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[1:] == [f"timestamp: {stamp} offset: {offset}" for stamp, offset in entries]
    assert said.err.splitlines() == [
        f"Found timestamp mismatch in :{path}",
        "  Index timestamp: 999, log timestamp: 1000",
        f"Found out of order timestamp in :{path}",
        "  Index timestamp: 999, Previously indexed timestamp: 1000",
        "The following indexed offsets are not found in the log.",
        "Indexed offset: 7, found log offset: -1",
    ]


@pytest.mark.parametrize(
    ("suffix", "content", "words"),
    [
        (
            ".index",
            offset_index.encode_entry(-1, 0),
            "the last offset is -1 which is less than the base offset 0",
        ),
        (".index", bytes(9), "is corrupt, found 9 bytes which is neither positive nor a multiple of 8"),
        (
            ".timeindex",
            bytes(13),
            "is corrupt, found 13 bytes which is neither positive nor a multiple of 12",
        ),
        (
            ".timeindex",
            time_index.encode_entry(5, 0) + time_index.encode_entry(4, 1),
            "the last timestamp is 4 which is less than the first timestamp 5",
        ),
    ],
)
def test_an_index_that_a_broker_would_make_anew_is_told(tmp_path, suffix, content, words):
    write(tmp_path, batch([b"a"]))
    write(tmp_path, b"", ".index")
    with pytest.raises(ToolError, match=words) as error:
        main(["--files", write(tmp_path, content, suffix), "--index-sanity-check"])
    assert error.value.java_class == "org.apache.kafka.storage.internals.log.CorruptIndexException"


def test_aborted_transactions_are_listed_and_a_missing_file_is_empty(tmp_path, capsys):
    path = write(tmp_path, encode_aborted([AbortedTransaction(1, 2, 3, 4)]) + b"rest", ".txnindex")
    line = "version: 0 producerId: 1 firstOffset: 2 lastOffset: 3 lastStableOffset: 4"
    assert shown(capsys, "--files", path)[1:] == [line]
    assert shown(capsys, "--files", path.replace(NAME, "0" * 19 + "9"))[1:] == []


def test_producers_are_listed(tmp_path, capsys):
    entries = [
        ProducerEntry(5, 1, -1, 1000, 3, [BatchMetadata(9, 20, 2, 1000)]),
        ProducerEntry(6, 0, 2, 1001),
    ]
    assert shown(capsys, "--files", write(tmp_path, encode_producers(entries), ".snapshot"))[1:] == [
        (
            "producerId: 5 producerEpoch: 1 coordinatorEpoch: -1 currentTxnFirstOffset: OptionalLong[3] "
            "lastTimestamp: 1000 firstSequence: 7 lastSequence: 9 lastOffset: 20 offsetDelta: 2 timestamp: 1000"
        ),
        (
            "producerId: 6 producerEpoch: 0 coordinatorEpoch: 2 currentTxnFirstOffset: OptionalLong.empty "
            "lastTimestamp: 1001 "
        ),
    ]


def test_a_damaged_snapshot_of_producers_is_only_told(tmp_path, capsys):
    content = bytearray(encode_producers([ProducerEntry(5)]))
    content[-1] ^= 1
    assert main(["--files", write(tmp_path, content, ".snapshot")]) == 0
    assert capsys.readouterr().err.startswith("Snapshot is corrupt (CRC is no longer valid). Stored crc: ")


def test_several_files_are_shown_in_their_order(tmp_path, capsys):
    path = write(tmp_path, batch([b"a"]))
    assert main(["--files", f"{path},{tmp_path}/x.unknown,{path}"]) == 0
    said = capsys.readouterr()
    assert [line for line in said.out.splitlines() if line.startswith("Dumping")] == [
        f"Dumping {path}",
        f"Dumping {tmp_path}/x.unknown",
        f"Dumping {path}",
    ]
    assert said.err == f"Ignoring unknown file {tmp_path}/x.unknown\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("none.log", 'java.lang.NumberFormatException: For input string: "none"'),
        (f"{NAME}.index", f"java.nio.file.NoSuchFileException: {{folder}}/{NAME}.log"),
        ("nodot", "java.lang.StringIndexOutOfBoundsException: begin -1, end 5, length 5"),
        (f"{NAME}.snapshot", f"java.nio.file.NoSuchFileException: {{folder}}/{NAME}.snapshot"),
    ],
)
def test_a_file_that_cannot_be_shown_ends_the_tool(tmp_path, name, text):
    with pytest.raises(ToolError) as error:
        main(["--files", f"{tmp_path}/{name}"])
    assert error.value.java_text() == text.format(folder=tmp_path)


def test_an_index_that_is_missing_is_not_made(tmp_path):
    write(tmp_path, batch([b"a"]))
    with pytest.raises(ToolError, match="Invalid max index size: -1"):
        main(["--files", f"{tmp_path}/{NAME}.timeindex"])
    assert [path.name for path in tmp_path.iterdir()] == [f"{NAME}.log"]


def test_messages_of_old_formats_are_shown(tmp_path, capsys):
    body = b"\1\0" + (1000).to_bytes(8, "big") + b"\xff\xff\xff\xff" + b"\0\0\0\1v"
    crc = zlib.crc32(body)
    content = (4).to_bytes(8, "big") + (len(body) + 4).to_bytes(4, "big") + crc.to_bytes(4, "big") + body
    assert shown(capsys, "--files", write(tmp_path, content), "--print-data-log")[2:] == [
        (
            f"offset: 4 position: 0 CreateTime: 1000 size: {len(content)} magic: 1 compresscodec: none crc: {crc}"
            " isvalid: true"
        ),
        f"| offset: 4 CreateTime: 1000 keySize: -1 valueSize: 1 isValid: true crc: {crc}}} payload: v",
    ]
