from __future__ import annotations

import logging

import pytest

from ottla.coordination.image_log import NAMES_IN_A_LINE, ImageLog
from ottla.metadata.image import EMPTY, ClusterImage, apply_records
from ottla.metadata.records import ConfigRecord, PartitionRecord, RemoveTopicRecord, TopicRecord
from ottla.types import Uuid

TOPIC, BROKER, OF_A_LATER_VERSION = 2, 4, 99


def topic_id(name: str) -> Uuid:
    return Uuid(name.encode().ljust(16, b"\x01"))


def partition(name: str, number: int) -> PartitionRecord:
    return PartitionRecord(partition_id=number, topic_id=topic_id(name), replicas=[1], isr=[1], leader=1)


def topic(name: str, partitions: int = 1) -> list[object]:
    return [
        TopicRecord(name=name, topic_id=topic_id(name)),
        *(partition(name, number) for number in range(partitions)),
    ]


@pytest.fixture(autouse=True)
def _told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "ottla.controller")


def change(image: ClusterImage, *records: object) -> ClusterImage:
    after, delta = apply_records(image, records, offset=image.offset + len(records))
    ImageLog().on_image(after, delta)
    return after


def test_topics_that_come_grow_and_go_are_told(caplog: pytest.LogCaptureFixture) -> None:
    image = change(EMPTY, *topic("orders", 3), *topic("bills"))
    image = change(image, partition("orders", 3))
    change(image, RemoveTopicRecord(topic_id=topic_id("orders")))
    assert caplog.messages == [
        "Created 2 topics: bills with 1 partition, orders with 3 partitions",
        "Extended 1 topic: orders from 3 to 4 partitions",
        "Deleted 1 topic: orders",
    ]


def test_configurations_are_told_without_values(caplog: pytest.LogCaptureFixture) -> None:
    image = change(EMPTY, *topic("orders"))
    caplog.clear()
    change(
        image,
        *(
            ConfigRecord(resource_type=kind, resource_name=name, name="some.password", value="secret")
            for kind, name in ((TOPIC, "orders"), (BROKER, ""), (BROKER, "1"), (OF_A_LATER_VERSION, "x"))
        ),
    )
    assert caplog.messages == [
        "Changed the configuration of 3 resources: broker (default), broker 1, topic orders"
    ]


def test_a_topic_that_comes_or_goes_with_its_configuration_is_one_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    config = ConfigRecord(resource_type=TOPIC, resource_name="orders", name="retention.ms", value="1")
    image = change(EMPTY, *topic("orders"), config)
    change(image, RemoveTopicRecord(topic_id=topic_id("orders")))
    assert caplog.messages == ["Created 1 topic: orders with 1 partition", "Deleted 1 topic: orders"]


def test_many_topics_are_one_line_with_few_names(caplog: pytest.LogCaptureFixture) -> None:
    names = [f"t{number:03}" for number in range(NAMES_IN_A_LINE + 5)]
    change(EMPTY, *(record for name in names for record in topic(name)))
    (line,) = caplog.messages
    assert line.startswith("Created 15 topics: t000 with 1 partition, t001 with")
    assert line.endswith("t009 with 1 partition and 5 more")


def test_other_changes_are_not_told(caplog: pytest.LogCaptureFixture) -> None:
    image = change(EMPTY, *topic("orders"))
    caplog.clear()
    ImageLog().on_image(*apply_records(image, [], offset=image.offset + 1))
    assert caplog.messages == []


def test_above_info_nothing_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "ottla.controller")
    change(EMPTY, *topic("orders"))
    assert caplog.messages == []
