"""The metadata of the cluster as one immutable value, and how committed records make the next one.

The image changes only by replaying the metadata log. An `ImageBuilder` collects records; `build` copies each
touched aspect once, however many records touched it, and tells what changed. Records inside an open metadata
transaction (KIP-868) wait until it ends and vanish when it is aborted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ottla.metadata import records as r
from ottla.metadata.aspects.brokers import BrokersDelta, BrokersImage
from ottla.metadata.aspects.client_quotas import ClientQuotasDelta, ClientQuotasImage
from ottla.metadata.aspects.configs import ConfigResource, ConfigsDelta, ConfigsImage
from ottla.metadata.aspects.features import FeaturesDelta, FeaturesImage
from ottla.metadata.aspects.kept import KeptDelta, KeptImage
from ottla.metadata.aspects.producer_ids import ProducerIdsDelta, ProducerIdsImage
from ottla.metadata.aspects.scram_credentials import ScramCredentialsDelta, ScramCredentialsImage
from ottla.metadata.aspects.topics import TopicImage, TopicsDelta, TopicsImage
from ottla.metadata.inconsistency import InconsistentMetadataError
from ottla.types import Uuid


@dataclass(frozen=True, slots=True)
class ClusterImage:
    """Everything that the metadata log says up to one offset."""

    cluster_id: str = ""
    offset: int = -1
    """Log offset of the last record that the image contains; -1 for the empty image."""
    epoch: int = -1
    """Leader epoch of that record."""
    features: FeaturesImage = field(default_factory=FeaturesImage)
    brokers: BrokersImage = field(default_factory=BrokersImage)
    topics: TopicsImage = field(default_factory=TopicsImage)
    configs: ConfigsImage = field(default_factory=ConfigsImage)
    producer_ids: ProducerIdsImage = field(default_factory=ProducerIdsImage)
    client_quotas: ClientQuotasImage = field(default_factory=ClientQuotasImage)
    scram_credentials: ScramCredentialsImage = field(default_factory=ScramCredentialsImage)
    kept: KeptImage = field(default_factory=KeptImage)

    def to_records(self, node_id: int) -> Iterator[r.MetadataRecord]:
        """Yield the records that rebuild the image, in the order of Kafka's snapshots.

        `node_id` is the writer's own; the record of the producer ids names a broker.
        """
        yield from self.features.to_records()
        yield from self.brokers.to_records()
        yield from self.topics.to_records()
        yield from self.configs.to_records()
        yield from self.client_quotas.to_records()
        yield from self.producer_ids.to_records(node_id)
        yield from self.kept.of(r.AccessControlEntryRecord)
        yield from self.scram_credentials.to_records()
        yield from self.kept.of(r.DelegationTokenRecord)


EMPTY = ClusterImage()


@dataclass(frozen=True, slots=True)
class ImageDelta:
    """What lies between an image and the one before it."""

    before: ClusterImage
    created_topics: frozenset[Uuid] = frozenset()
    changed_topics: Mapping[Uuid, TopicImage] = field(default_factory=dict)
    """Topics that are new or whose partitions changed, as they are now."""
    deleted_topics: Mapping[Uuid, TopicImage] = field(default_factory=dict)
    """Topics that are gone, as they were before. A topic that was deleted and created again has a new id."""
    changed_configs: frozenset[ConfigResource] = frozenset()
    changed_brokers: frozenset[int] = frozenset()
    features_changed: bool = False


def difference(before: ClusterImage, after: ClusterImage) -> ImageDelta:
    """Return what lies between two images that were built independently, by looking at everything."""
    return ImageDelta(
        before=before,
        created_topics=frozenset(after.topics.by_id.keys() - before.topics.by_id.keys()),
        changed_topics={
            topic_id: topic
            for topic_id, topic in after.topics.by_id.items()
            if before.topics.by_id.get(topic_id) != topic
        },
        deleted_topics={
            topic_id: topic
            for topic_id, topic in before.topics.by_id.items()
            if topic_id not in after.topics.by_id
        },
        changed_configs=frozenset(
            resource
            for resource in before.configs.by_resource.keys() | after.configs.by_resource.keys()
            if before.configs.of(resource) != after.configs.of(resource)
        ),
        changed_brokers=frozenset(
            node_id
            for node_id in before.brokers.by_id.keys() | after.brokers.by_id.keys()
            if before.brokers.by_id.get(node_id) != after.brokers.by_id.get(node_id)
        ),
        features_changed=before.features != after.features,
    )


class _Deltas:
    """The deltas of one batch; each copies what it touches when it first does."""

    __slots__ = (
        "brokers",
        "client_quotas",
        "configs",
        "features",
        "kept",
        "producer_ids",
        "scram_credentials",
        "topics",
    )

    def __init__(self, image: ClusterImage) -> None:
        self.features = FeaturesDelta(image.features)
        self.brokers = BrokersDelta(image.brokers)
        self.topics = TopicsDelta(image.topics)
        self.configs = ConfigsDelta(image.configs)
        self.producer_ids = ProducerIdsDelta(image.producer_ids)
        self.client_quotas = ClientQuotasDelta(image.client_quotas)
        self.scram_credentials = ScramCredentialsDelta(image.scram_credentials)
        self.kept = KeptDelta(image.kept)

    def remove_topic(self, record: r.RemoveTopicRecord) -> None:
        """Delete a topic together with its overrides."""
        self.configs.remove_topic(self.topics.replay_remove_topic(record))


class ImageBuilder:
    """Collects committed records on top of an image."""

    def __init__(self, image: ClusterImage) -> None:
        self._image = image
        self._deltas = _Deltas(image)
        self._transaction: list[r.MetadataRecord] | None = None

    @property
    def in_transaction(self) -> bool:
        """Whether a metadata transaction has begun and not ended."""
        return self._transaction is not None

    def replay(self, record: r.MetadataRecord) -> None:
        """Take in one committed record.

        Raises InconsistentMetadataError when it contradicts those before it.
        """
        apply = _APPLIERS.get(type(record)) if self._transaction is None else None
        if apply is not None:  # nearly always: a start replays some hundred thousand records
            apply(self._deltas, record)
        elif isinstance(record, r.BeginTransactionRecord):
            self._begin_transaction()
        elif isinstance(record, r.EndTransactionRecord):
            self._end_transaction()
        elif isinstance(record, r.AbortTransactionRecord):
            self._abort_transaction()
        elif self._transaction is not None:
            self._transaction.append(record)
        else:
            self._apply(record)

    def build(self, offset: int, epoch: int) -> tuple[ClusterImage, ImageDelta]:
        """Return the image with everything replayed so far, and what changed since the last build.

        `offset` and `epoch` are those of the last record; they are kept back while a transaction is open.
        """
        before, deltas = self._image, self._deltas
        image = ClusterImage(
            cluster_id=before.cluster_id,
            offset=before.offset if self.in_transaction else offset,
            epoch=before.epoch if self.in_transaction else epoch,
            features=deltas.features.apply(),
            brokers=deltas.brokers.apply(),
            topics=deltas.topics.apply(),
            configs=deltas.configs.apply(),
            producer_ids=deltas.producer_ids.apply(),
            client_quotas=deltas.client_quotas.apply(),
            scram_credentials=deltas.scram_credentials.apply(),
            kept=deltas.kept.apply(),
        )
        delta = ImageDelta(
            before=before,
            created_topics=deltas.topics.created,
            changed_topics={topic_id: image.topics.by_id[topic_id] for topic_id in deltas.topics.touched},
            deleted_topics=deltas.topics.deleted,
            changed_configs=deltas.configs.changed,
            changed_brokers=frozenset(deltas.brokers.changed_brokers),
            features_changed=image.features != before.features,
        )
        self._image, self._deltas = image, _Deltas(image)
        return image, delta

    def _begin_transaction(self) -> None:
        if self._transaction is not None:
            raise InconsistentMetadataError("a metadata transaction begins inside another")
        self._transaction = []

    def _end_transaction(self) -> None:
        held_back, self._transaction = self._transaction, None
        if held_back is None:
            raise InconsistentMetadataError("a metadata transaction ends that never began")
        for record in held_back:
            self._apply(record)

    def _abort_transaction(self) -> None:
        if self._transaction is None:
            raise InconsistentMetadataError("a metadata transaction is aborted that never began")
        self._transaction = None

    def _apply(self, record: r.MetadataRecord) -> None:
        try:
            apply = _APPLIERS[type(record)]
        except KeyError:
            raise InconsistentMetadataError(f"{record} is no metadata record of this version") from None
        apply(self._deltas, record)


def apply_records(
    image: ClusterImage,
    records: Iterable[r.MetadataRecord],
    *,
    offset: int | None = None,
    epoch: int | None = None,
) -> tuple[ClusterImage, ImageDelta]:
    """Return the image after one batch of records, and what they changed.

    `offset` and `epoch` are those of the last record; without them the image keeps its own.
    """
    builder = ImageBuilder(image)
    for record in records:
        builder.replay(record)
    return builder.build(image.offset if offset is None else offset, image.epoch if epoch is None else epoch)


def _no_effect(_deltas: _Deltas, _record: Any) -> None:
    """Do nothing: a NoOpRecord only moves the log, and migration from ZooKeeper is long over."""


_APPLIERS: dict[type, Callable[[_Deltas, Any], None]] = {
    r.RegisterBrokerRecord: lambda deltas, record: deltas.brokers.replay_register_broker(record),
    r.UnregisterBrokerRecord: lambda deltas, record: deltas.brokers.replay_unregister_broker(record),
    r.FenceBrokerRecord: lambda deltas, record: deltas.brokers.replay_fence_broker(record),
    r.UnfenceBrokerRecord: lambda deltas, record: deltas.brokers.replay_unfence_broker(record),
    r.BrokerRegistrationChangeRecord: lambda deltas, record: deltas.brokers.replay_registration_change(
        record
    ),
    r.RegisterControllerRecord: lambda deltas, record: deltas.brokers.replay_register_controller(record),
    r.TopicRecord: lambda deltas, record: deltas.topics.replay_topic(record),
    r.PartitionRecord: lambda deltas, record: deltas.topics.replay_partition(record),
    r.PartitionChangeRecord: lambda deltas, record: deltas.topics.replay_partition_change(record),
    r.RemoveTopicRecord: _Deltas.remove_topic,
    r.ClearElrRecord: lambda deltas, record: deltas.topics.replay_clear_elr(record),
    r.ConfigRecord: lambda deltas, record: deltas.configs.replay_config(record),
    r.FeatureLevelRecord: lambda deltas, record: deltas.features.replay_level(record),
    r.ProducerIdsRecord: lambda deltas, record: deltas.producer_ids.replay_producer_ids(record),
    r.ClientQuotaRecord: lambda deltas, record: deltas.client_quotas.replay_quota(record),
    r.AccessControlEntryRecord: lambda deltas, record: deltas.kept.replay_kept(record),
    r.UserScramCredentialRecord: lambda deltas, record: deltas.scram_credentials.replay_credential(record),
    r.DelegationTokenRecord: lambda deltas, record: deltas.kept.replay_kept(record),
    r.RemoveAccessControlEntryRecord: lambda deltas, record: deltas.kept.replay_removal(record),
    r.RemoveUserScramCredentialRecord: lambda deltas, record: deltas.scram_credentials.replay_removal(record),
    r.RemoveDelegationTokenRecord: lambda deltas, record: deltas.kept.replay_removal(record),
    r.NoOpRecord: _no_effect,
    r.ZkMigrationStateRecord: _no_effect,
}
