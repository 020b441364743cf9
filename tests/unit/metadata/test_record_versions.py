import pytest

from ottla.metadata import records as r
from ottla.metadata.record_versions import record_version
from ottla.types import random_uuid


@pytest.mark.parametrize(
    ("metadata_version", "broker", "partition"),
    [(7, 1, 0), (8, 2, 0), (16, 2, 0), (17, 3, 1), (22, 3, 1), (23, 3, 2), (27, 3, 2)],
)
def test_versions_follow_the_metadata_version(metadata_version: int, broker: int, partition: int) -> None:
    assert record_version(r.RegisterBrokerRecord(), metadata_version) == broker
    assert record_version(r.PartitionRecord(), metadata_version) == partition
    assert record_version(r.PartitionChangeRecord(), metadata_version) == partition
    assert record_version(r.TopicRecord(), metadata_version) == 0


def test_a_registration_change_is_written_as_low_as_it_can_be() -> None:
    assert record_version(r.BrokerRegistrationChangeRecord(fenced=1), 27) == 0
    assert record_version(r.BrokerRegistrationChangeRecord(in_controlled_shutdown=1), 27) == 1
    assert record_version(r.BrokerRegistrationChangeRecord(log_dirs=[random_uuid()]), 27) == 2
