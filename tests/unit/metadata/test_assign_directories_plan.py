from __future__ import annotations

import pytest
from tests.unit.metadata.clusters import DIRECTORY, broker, cluster, partition, topic_id

from ottla.errors import ErrorCode, KafkaError
from ottla.metadata import records as r
from ottla.metadata.assign_directories_plan import AssignDirectoriesPlan, plan_assign_directories
from ottla.metadata.image import ClusterImage, apply_records
from ottla.protocol.messages.assign_replicas_to_dirs import (
    AssignedDirectory,
    AssignedPartition,
    AssignedTopic,
    AssignReplicasToDirsRequest,
)
from ottla.types import UNASSIGNED_DIRECTORY_ID, Uuid

EPOCH = 9
ELSEWHERE = Uuid(b"elsewhere-------")


def plan(
    image: ClusterImage, directory: Uuid, name: str, *numbers: int, epoch: int = EPOCH
) -> AssignDirectoriesPlan:
    topic = AssignedTopic(
        topic_id=topic_id(name), partitions=[AssignedPartition(partition_index=each) for each in numbers]
    )
    assigned = AssignedDirectory(id=directory, topics=[topic])
    return plan_assign_directories(
        image, AssignReplicasToDirsRequest(broker_id=1, broker_epoch=epoch, directories=[assigned])
    )


def image_with_unassigned() -> ClusterImage:
    unassigned = partition("t", 0)
    unassigned.directories = [UNASSIGNED_DIRECTORY_ID]
    image = cluster({}, broker(1), broker(2))
    records = [
        r.TopicRecord(name="t", topic_id=topic_id("t")),
        unassigned,
        partition("t", 1),
        partition("t", 2, (2,)),
    ]
    return apply_records(image, records)[0]


def test_a_directory_is_noted_once() -> None:
    planned = plan(image_with_unassigned(), DIRECTORY, "t", 0, 1)
    assert planned.records == [
        r.PartitionChangeRecord(partition_id=0, topic_id=topic_id("t"), directories=[DIRECTORY])
    ]
    (topic,) = planned.directories[0].topics
    assert [(each.partition_index, each.error_code) for each in topic.partitions] == [(0, 0), (1, 0)]


@pytest.mark.parametrize(
    ("directory", "name", "number", "code"),
    [
        (DIRECTORY, "u", 0, ErrorCode.UNKNOWN_TOPIC_ID),
        (DIRECTORY, "t", 5, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        (DIRECTORY, "t", 2, ErrorCode.NOT_LEADER_OR_FOLLOWER),
        (ELSEWHERE, "t", 0, ErrorCode.LOG_DIR_NOT_FOUND),
    ],
)
def test_what_does_not_fit_is_refused(directory: Uuid, name: str, number: int, code: ErrorCode) -> None:
    planned = plan(image_with_unassigned(), directory, name, number)
    assert planned.records == []
    assert planned.directories[0].topics[0].partitions[0].error_code == code


def test_another_epoch_and_an_old_metadata_version_refuse_all() -> None:
    with pytest.raises(KafkaError) as stale:
        plan(image_with_unassigned(), DIRECTORY, "t", 0, epoch=EPOCH + 1)
    assert stale.value.code is ErrorCode.STALE_BROKER_EPOCH
    old = r.FeatureLevelRecord(name="metadata.version", feature_level=16)
    image, _ = apply_records(image_with_unassigned(), [old])
    with pytest.raises(KafkaError) as unsupported:
        plan(image, DIRECTORY, "t", 0)
    assert unsupported.value.code is ErrorCode.UNSUPPORTED_VERSION
