"""The finalized feature levels of the cluster (facts 2.7).

A feature at level 0 is absent, as Kafka reports it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ottla.metadata.inconsistency import InconsistentMetadataError
from ottla.metadata.records import FeatureLevelRecord

METADATA_VERSION = "metadata.version"
KRAFT_VERSION = "kraft.version"
TRANSACTION_VERSION = "transaction.version"
GROUP_VERSION = "group.version"
ELIGIBLE_LEADER_REPLICAS_VERSION = "eligible.leader.replicas.version"
SHARE_VERSION = "share.version"
STREAMS_VERSION = "streams.version"

MINIMUM_METADATA_VERSION = 7
LATEST_METADATA_VERSION = 27
"""3.3-IV3 and 4.1-IV1: what Kafka 4.1 can run with, and what it formats with."""


@dataclass(frozen=True, slots=True)
class FeatureRange:
    """The levels of one feature that this broker can serve, both ends included."""

    name: str
    minimum: int
    maximum: int


SUPPORTED_FEATURES = (
    FeatureRange(GROUP_VERSION, 0, 1),
    FeatureRange(TRANSACTION_VERSION, 0, 2),
    FeatureRange(ELIGIBLE_LEADER_REPLICAS_VERSION, 0, 1),
    FeatureRange(KRAFT_VERSION, 0, 1),
    FeatureRange(METADATA_VERSION, MINIMUM_METADATA_VERSION, LATEST_METADATA_VERSION),
    FeatureRange(SHARE_VERSION, 0, 1),
)
"""What brokers and controllers register in the metadata log, as Kafka 4.1.1 does; streams.version stays out
because its only level above 0 is unstable there."""

_SUPPORTED = {feature.name: feature for feature in SUPPORTED_FEATURES}

DEFAULT_FEATURE_LEVELS: Mapping[str, int] = {
    METADATA_VERSION: LATEST_METADATA_VERSION,
    ELIGIBLE_LEADER_REPLICAS_VERSION: 1,
    GROUP_VERSION: 1,
    TRANSACTION_VERSION: 2,
}
"""What a fresh data directory is formatted with, in the order in which Kafka writes the records."""


@dataclass(frozen=True, slots=True)
class FeaturesImage:
    """Feature levels by feature name."""

    levels: Mapping[str, int] = field(default_factory=dict)

    def level(self, name: str) -> int:
        """Return the finalized level of a feature, 0 where it was never set."""
        return self.levels.get(name, 0)

    @property
    def metadata_version(self) -> int:
        """The finalized metadata.version, 0 before the bootstrap records."""
        return self.level(METADATA_VERSION)

    @property
    def eligible_leader_replicas(self) -> bool:
        """Whether partitions keep eligible leader replicas (KIP-966)."""
        return self.level(ELIGIBLE_LEADER_REPLICAS_VERSION) >= 1

    def to_records(self) -> Iterator[FeatureLevelRecord]:
        """Yield the records that rebuild this image; metadata.version comes first, as readers need it."""
        if METADATA_VERSION in self.levels:
            yield FeatureLevelRecord(name=METADATA_VERSION, feature_level=self.levels[METADATA_VERSION])
        for name, level in self.levels.items():
            if name != METADATA_VERSION:
                yield FeatureLevelRecord(name=name, feature_level=level)


class FeaturesDelta:
    """The features that one batch of records sets."""

    def __init__(self, image: FeaturesImage) -> None:
        self._levels = dict(image.levels)

    def replay_level(self, record: FeatureLevelRecord) -> None:
        """Set a level; level 0 removes the feature.

        The level of kraft.version is what control records say: earlier releases wrote it here by mistake.
        Raises InconsistentMetadataError for a level that is not known here.
        """
        supported = _SUPPORTED.get(record.name, FeatureRange(record.name, 0, 0))
        if not supported.minimum <= record.feature_level <= supported.maximum:
            raise InconsistentMetadataError(
                f"the data directory is at {record.name} {record.feature_level}; {supported.minimum} to "
                f"{supported.maximum} (Kafka 3.3 to 4.1) are supported"
            )
        if record.name == KRAFT_VERSION:
            return
        if record.feature_level == 0:
            self._levels.pop(record.name, None)
        else:
            self._levels[record.name] = record.feature_level

    def apply(self) -> FeaturesImage:
        """Return the image with the changes."""
        return FeaturesImage(self._levels)
