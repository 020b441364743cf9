"""Options of the broker that topics follow, and what of the partitions they change while everything runs.

Each comes through the image, as after a request: first what held before is seen, then the option is set.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.compacting import fetch_all
from tests.support.partitions import DataDirectory, error_of

from ottla.errors import ErrorCode
from ottla.partitions.partition import Partition
from ottla.records.batch import iterate_batches
from ottla.records.compression import Codec
from ottla.storage.append_check import AppendOrigin

INITIAL_DELAY_MS = 30_000
RETENTION_CHECK_MS = 300_000
PRODUCER_CHECK_MS = 600_000
CLEANER_BACKOFF_MS = 15_000
HALF_A_SEGMENT = bytes(600_000)
OTHER_BROKER = "7"


@pytest.fixture
def broker(tmp_path: Path) -> DataDirectory:
    directory = DataDirectory(tmp_path)
    directory.loop.advance(INITIAL_DELAY_MS)
    directory.create_topic("t")
    return directory


def refused_with(broker: DataDirectory, value: bytes, **fields: int) -> ErrorCode:
    """Append a record that must be refused; return why."""
    appending = broker.partition("t").append(
        broker.batch(value, **fields), origin=AppendOrigin.CLIENT, now_ms=broker.loop.now_ms()
    )
    return error_of(appending).code


def segment_count(broker: DataDirectory) -> int:
    return len(broker.partition("t").log.segments)


def roll(broker: DataDirectory) -> None:
    """Finish the active segment, and begin the next one with a record."""
    broker.partition("t").run_on_log(lambda log: log.roll(broker.loop.now_ms()))
    broker.append("t", b"next")
    broker.loop.turn()


@pytest.mark.parametrize(
    ("option", "text", "attribute", "before", "after"),
    [
        ("compression.gzip.level", "9", "compression_gzip_level", -1, 9),
        ("compression.lz4.level", "1", "compression_lz4_level", 9, 1),
        ("compression.zstd.level", "7", "compression_zstd_level", 3, 7),
        ("log.cleaner.delete.retention.ms", "5", "delete_retention_ms", 86_400_000, 5),
        ("log.cleaner.max.compaction.lag.ms", "5", "max_compaction_lag_ms", (1 << 63) - 1, 5),
        ("log.cleaner.min.compaction.lag.ms", "5", "min_compaction_lag_ms", 0, 5),
        ("log.roll.jitter.ms", "5", "segment_jitter_ms", 0, 5),
        ("min.insync.replicas", "2", "min_insync_replicas", 1, 2),
    ],
)
def test_a_topic_follows_an_option_until_it_has_its_own_value(
    broker: DataDirectory, option: str, text: str, attribute: str, before: object, after: object
) -> None:
    partition = broker.partition("t")
    assert getattr(partition.config, attribute) == before
    broker.configure_broker(option, text)
    assert getattr(partition.config, attribute) == after
    broker.create_topic("new")
    assert getattr(broker.partition("new").config, attribute) == after
    broker.configure_broker(option, None)
    assert getattr(partition.config, attribute) == before


def test_a_setting_of_this_broker_goes_before_that_of_all_and_an_own_value_before_both(
    broker: DataDirectory,
) -> None:
    partition = broker.partition("t")
    broker.configure_broker("log.retention.bytes", "1", resource_name="1")
    broker.configure_broker("log.retention.bytes", "2")
    broker.configure_broker("log.retention.bytes", "3", resource_name=OTHER_BROKER)
    assert partition.config.retention_bytes == 1
    broker.configure_topic("t", "retention.bytes", "4")
    broker.configure_broker("log.retention.bytes", "5", resource_name="1")
    assert partition.config.retention_bytes == 4
    broker.configure_topic("t", "retention.bytes", None)
    broker.configure_broker("log.retention.bytes", None, resource_name="1")
    assert partition.config.retention_bytes == 2


def test_what_was_set_holds_after_a_restart(broker: DataDirectory) -> None:
    broker.configure_broker("message.max.bytes", "100")
    broker.restart()
    assert broker.partition("t").config.max_message_bytes == 100


def test_message_max_bytes(broker: DataDirectory) -> None:
    broker.append("t", bytes(200))
    broker.configure_broker("message.max.bytes", "100")
    assert refused_with(broker, bytes(200)) is ErrorCode.MESSAGE_TOO_LARGE


def test_log_segment_bytes(broker: DataDirectory) -> None:
    broker.append("t", HALF_A_SEGMENT)
    broker.append("t", HALF_A_SEGMENT)
    assert segment_count(broker) == 1
    broker.configure_broker("log.segment.bytes", "1048576")
    broker.append("t", b"next")
    assert segment_count(broker) == 2


def test_log_roll_ms(broker: DataDirectory) -> None:
    broker.append("t", b"a")
    broker.loop.advance(2_000)
    broker.append("t", b"b")
    assert segment_count(broker) == 1
    broker.configure_broker("log.roll.ms", "1000")
    broker.append("t", b"c")
    assert segment_count(broker) == 2


def test_log_index_size_max_bytes(broker: DataDirectory) -> None:
    broker.configure_broker("log.index.interval.bytes", "0")
    for _ in range(3):
        broker.append("t", b"a")
    assert segment_count(broker) == 1
    broker.configure_broker("log.index.size.max.bytes", "16")
    broker.append("t", b"b")
    assert segment_count(broker) == 2


def test_log_index_interval_bytes(broker: DataDirectory) -> None:
    index = broker.partition("t").log.segments[0].offset_index
    for _ in range(3):
        broker.append("t", b"a")
    entries = len(index.entries)
    broker.configure_broker("log.index.interval.bytes", "0")
    for _ in range(3):
        broker.append("t", b"a")
    assert len(index.entries) >= entries + 2


def test_log_retention_ms(broker: DataDirectory) -> None:
    broker.append("t", b"a")
    roll(broker)
    broker.loop.advance(RETENTION_CHECK_MS)
    assert broker.partition("t").log_start_offset == 0
    broker.configure_broker("log.retention.ms", "1000")
    broker.loop.advance(RETENTION_CHECK_MS)
    assert broker.partition("t").log_start_offset > 0


def test_log_retention_bytes(broker: DataDirectory) -> None:
    broker.append("t", b"a")
    roll(broker)
    broker.configure_broker("log.retention.bytes", "0")
    broker.loop.advance(RETENTION_CHECK_MS)
    assert broker.partition("t").log_start_offset > 0


def test_log_cleanup_policy(broker: DataDirectory) -> None:
    broker.append("t", b"a")
    broker.append("t", b"b")
    roll(broker)
    broker.loop.advance(CLEANER_BACKOFF_MS)
    assert broker.helpers.done == 0
    broker.configure_broker("log.cleanup.policy", "compact")
    broker.loop.advance(CLEANER_BACKOFF_MS)
    broker.loop.turn()
    assert [record.offset for record in fetch_all(broker.partition("t").log)] == [1, 2]


def test_log_cleaner_min_cleanable_ratio(broker: DataDirectory) -> None:
    broker.configure_broker("log.cleaner.min.cleanable.ratio", "1")
    broker.configure_topic("t", "cleanup.policy", "compact")
    broker.append("t", b"a")
    roll(broker)
    broker.loop.advance(CLEANER_BACKOFF_MS)
    assert broker.helpers.done == 0
    broker.configure_broker("log.cleaner.min.cleanable.ratio", "0.1")
    broker.loop.advance(CLEANER_BACKOFF_MS)
    broker.loop.turn()
    assert broker.helpers.done == 1


def test_compression_type(broker: DataDirectory) -> None:
    def codecs() -> list[Codec]:
        content = (broker.path / "t-0" / "00000000000000000000.log").read_bytes()
        return [Codec(header.codec) for _, header in iterate_batches(content)]

    broker.append("t", bytes(100))
    broker.configure_broker("compression.type", "zstd")
    broker.append("t", bytes(100))
    assert codecs() == [Codec.NONE, Codec.ZSTD]


def test_log_message_timestamp_type(broker: DataDirectory) -> None:
    then_ms = broker.loop.now_ms() - 1000
    broker.append("t", b"a", now_ms=then_ms)
    broker.configure_broker("log.message.timestamp.type", "LogAppendTime")
    broker.append("t", b"b", now_ms=then_ms)
    timestamps = [record.timestamp_ms for record in fetch_all(broker.partition("t").log)]
    assert timestamps == [then_ms, broker.loop.now_ms()]


@pytest.mark.parametrize(
    ("option", "distance_ms"),
    [("log.message.timestamp.before.max.ms", -5000), ("log.message.timestamp.after.max.ms", 5000)],
)
def test_how_far_timestamps_may_lie_from_the_clock(
    broker: DataDirectory, option: str, distance_ms: int
) -> None:
    timestamp_ms = broker.loop.now_ms() + distance_ms
    broker.append("t", b"a", now_ms=timestamp_ms)
    broker.configure_broker(option, "1000")
    assert refused_with(broker, b"b", now_ms=timestamp_ms) is ErrorCode.INVALID_TIMESTAMP


def test_log_flush_interval_messages(broker: DataDirectory) -> None:
    log = broker.partition("t").log
    broker.append("t", b"a")
    assert log.recovery_point == 0
    broker.configure_broker("log.flush.interval.messages", "2")
    broker.append("t", b"b")
    assert log.recovery_point == 2


def test_log_flush_interval_ms_holds_for_what_is_written_already(broker: DataDirectory) -> None:
    log = broker.partition("t").log
    broker.append("t", b"a")
    broker.configure_broker("log.flush.interval.ms", "5000")
    broker.loop.advance(4_999)
    assert log.recovery_point == 0
    broker.loop.advance(1)
    assert log.recovery_point == 1
    broker.configure_broker("log.flush.interval.ms", "100000")
    broker.append("t", b"b")
    broker.configure_broker("log.flush.interval.ms", "10")
    broker.loop.advance(10)
    assert log.recovery_point == 2
    broker.append("t", b"c")
    broker.configure_broker("log.flush.interval.ms", None)
    broker.loop.advance(10)
    assert log.recovery_point == 2


def test_another_option_does_not_put_a_flush_off(broker: DataDirectory) -> None:
    broker.configure_broker("log.flush.interval.ms", "5000")
    broker.append("t", b"a")
    broker.loop.advance(4_999)
    broker.configure_broker("log.retention.bytes", "1000000")
    broker.loop.advance(1)
    assert broker.partition("t").log.recovery_point == 1


def test_log_segment_delete_delay_ms(broker: DataDirectory) -> None:
    def directories() -> list[str]:
        return [path.name for path in broker.path.iterdir() if path.name.endswith("-delete")]

    broker.configure_broker("log.segment.delete.delay.ms", "100")
    broker.delete_topic("t")
    broker.loop.advance(99)
    assert directories() != []
    broker.loop.advance(1)
    assert directories() == []


def test_producer_id_expiration_ms(broker: DataDirectory) -> None:
    state = broker.partition("t").log.producer_state
    broker.append("t", b"a", producer_id=5, producer_epoch=0, base_sequence=0)
    broker.loop.advance(PRODUCER_CHECK_MS)
    assert list(state.entries) == [5]
    broker.configure_broker("producer.id.expiration.ms", "1000")
    broker.loop.advance(PRODUCER_CHECK_MS)
    assert list(state.entries) == []
    broker.create_topic("new")
    assert broker.partition("new").log.producer_state.producer_id_expiration_ms == 1000


def test_only_logs_with_other_rules_are_looked_at_again(
    broker: DataDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str] = []

    def note(partition: Partition) -> None:
        looked_at.append(partition.topic_partition.topic)

    broker.create_topic("own", retention_ms="1")
    monkeypatch.setattr(broker.housekeeping, "reconfigured", note)
    broker.configure_broker("log.retention.ms", "5")
    assert looked_at == ["t"]
    broker.configure_broker("max.connections", "5")
    assert looked_at == ["t"]


def test_a_topic_that_is_just_being_made_gets_what_holds_when_it_is_there(broker: DataDirectory) -> None:
    soon: list[Callable[[], None]] = []
    submit_apart = broker.writer.submit_apart

    def held_back(work: Callable[[], object]) -> object:
        completion = submit_apart(work)
        later = type(completion)()
        soon.append(lambda: later.take(completion))
        return later

    broker.writer.submit_apart = held_back
    broker.create_topic("new")
    assert broker.partitions.get("new", 0) is None
    broker.configure_broker("message.max.bytes", "100")
    broker.configure_broker("producer.id.expiration.ms", "7")
    for finish in soon:
        finish()
    assert broker.partition("new").config.max_message_bytes == 100
    assert broker.partition("new").log.producer_state.producer_id_expiration_ms == 7
