"""The events of the verifiable consumer."""

import json

from ottla.cli.verifiable_consumer import Reading, tell_records
from ottla.client.consumer import ConsumerRecord, OffsetAndMetadata
from ottla.types import TopicPartition

RECORDS = [
    ConsumerRecord("t", 1, 4, 0, False, None, b"a", (), -1),
    ConsumerRecord("t", 0, 7, 0, False, b"k", b"b", (), -1),
    ConsumerRecord("t", 1, 6, 0, False, None, None, (), -1),
]


def events(capsys) -> list[dict]:
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    for event in told:
        assert list(event)[:2] == ["timestamp", "name"]
        del event["timestamp"]
    return told


def test_the_records_of_a_poll_are_summed_up(capsys):
    offsets, count = tell_records(RECORDS, Reading("t", -1, False, True, {}), 0)
    assert count == 3
    assert offsets == {
        TopicPartition("t", 1): OffsetAndMetadata(7),
        TopicPartition("t", 0): OffsetAndMetadata(8),
    }
    assert events(capsys) == [
        {
            "name": "records_consumed",
            "count": 3,
            "partitions": [
                {"topic": "t", "partition": 1, "count": 2, "minOffset": 4, "maxOffset": 6},
                {"topic": "t", "partition": 0, "count": 1, "minOffset": 7, "maxOffset": 7},
            ],
        }
    ]


def test_a_limit_leaves_the_rest_uncommitted(capsys):
    offsets, count = tell_records(RECORDS, Reading("t", 5, True, True, {}), 4)
    assert count == 1
    assert offsets == {TopicPartition("t", 1): OffsetAndMetadata(5)}
    record, summary = events(capsys)
    assert record == {
        "name": "record_data",
        "key": None,
        "value": "a",
        "topic": "t",
        "partition": 1,
        "offset": 4,
    }
    assert summary["count"] == 3
    assert summary["partitions"] == [
        {"topic": "t", "partition": 1, "count": 1, "minOffset": 4, "maxOffset": 4}
    ]
