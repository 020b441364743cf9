"""Small clusters for the tests of the planners."""

from ottla.metadata import records as r
from ottla.metadata.image import EMPTY, ClusterImage, apply_records
from ottla.types import Uuid

DIRECTORY = Uuid(b"directory-id----")
INCARNATION = Uuid(b"incarnation-id--")


def topic_id(name: str) -> Uuid:
    return Uuid(name.encode().ljust(16, b"-"))


def broker(node_id: int, *, fenced: bool = False, epoch: int = 9) -> r.RegisterBrokerRecord:
    return r.RegisterBrokerRecord(
        broker_id=node_id,
        incarnation_id=INCARNATION,
        broker_epoch=epoch,
        end_points=[r.BrokerEndpoint(name="PLAINTEXT", host="localhost", port=9092)],
        fenced=fenced,
        log_dirs=[DIRECTORY],
    )


def partition(name: str, number: int, replicas: tuple[int, ...] = (1,)) -> r.PartitionRecord:
    return r.PartitionRecord(
        partition_id=number,
        topic_id=topic_id(name),
        replicas=list(replicas),
        isr=list(replicas),
        leader=replicas[0],
        leader_epoch=0,
        partition_epoch=0,
        directories=[DIRECTORY] * len(replicas),
    )


def features(*, eligible_leader_replicas: bool = True) -> list[r.FeatureLevelRecord]:
    levels = [r.FeatureLevelRecord(name="metadata.version", feature_level=27)]
    if eligible_leader_replicas:
        levels.append(r.FeatureLevelRecord(name="eligible.leader.replicas.version", feature_level=1))
    return levels


def cluster(
    topics: dict[str, int], *brokers: r.RegisterBrokerRecord, eligible_leader_replicas: bool = True
) -> ClusterImage:
    """A cluster at offset 100 with topics of so many partitions on broker 1."""
    records: list[r.MetadataRecord] = [*features(eligible_leader_replicas=eligible_leader_replicas)]
    records += brokers or [broker(1)]
    for name, count in topics.items():
        records.append(r.TopicRecord(name=name, topic_id=topic_id(name)))
        records += [partition(name, number) for number in range(count)]
    image, _ = apply_records(EMPTY, records, offset=100, epoch=1)
    return image
