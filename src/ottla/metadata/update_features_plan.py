"""UpdateFeatures against the image: which levels may follow which (Kafka's FeatureControlManager, KIP-584, KIP-1022).

The first update that cannot be refuses all. The level of kraft.version is no record of the controller but one of the
log about its quorum, together with the voters, which it makes part of the log (KIP-853).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ottla.errors import ErrorCode, KafkaError
from ottla.jvm_order import strings_in_hash_order
from ottla.metadata.aspects.configs import DEFAULT_BROKER_RESOURCE_NAME, ResourceType
from ottla.metadata.aspects.features import (
    ELIGIBLE_LEADER_REPLICAS_VERSION,
    KRAFT_VERSION,
    METADATA_VERSION,
    STREAMS_VERSION,
    SUPPORTED_FEATURES,
    FeatureRange,
)
from ottla.metadata.image import ClusterImage
from ottla.metadata.log_entries import LogEntry
from ottla.metadata.record_versions import ELIGIBLE_LEADER_REPLICAS_SINCE
from ottla.metadata.records import ConfigRecord, FeatureLevelRecord, MetadataRecord, NoOpRecord
from ottla.protocol.messages.update_features import FeatureUpdateKey
from ottla.protocol.raft_records import Endpoint as VoterEndpoint
from ottla.protocol.raft_records import (
    KRaftVersionFeature,
    KRaftVersionRecord,
    VotersRecord,
    VotersRecordVoter,
)

UPGRADE = 1
SAFE_DOWNGRADE = 2
UNSAFE_DOWNGRADE = 3
_UPGRADE_TYPES = frozenset({UPGRADE, SAFE_DOWNGRADE, UNSAFE_DOWNGRADE})

LEVELS_THAT_CHANGED_METADATA = frozenset({7, 8, 11, 13, 14, 15, 17, 23})
"""The levels of metadata.version that brought new records or fields; a downgrade across one of them would lose some
(MetadataVersion.didMetadataChange)."""

_RANGES = {feature.name: feature for feature in SUPPORTED_FEATURES}
_KNOWN_NAMES = frozenset({*_RANGES, STREAMS_VERSION})
_MIN_INSYNC_REPLICAS = "min.insync.replicas"


@dataclass(slots=True)
class UpdateFeaturesPlan:
    """What to write, and what refuses the whole request."""

    records: list[LogEntry] = field(default_factory=list)
    refusal: KafkaError | None = None


def plan_update_features(
    image: ClusterImage,
    updates: Sequence[FeatureUpdateKey],
    *,
    kraft_version: int,
    node_id: int,
    min_insync_replicas: int,
    validate_only: bool,
) -> UpdateFeaturesPlan:
    """Plan new levels; a feature that is named twice gets what was said last.

    `kraft_version` is what the log says about its quorum. `min_insync_replicas` is the broker's own setting, which
    eligible leader replicas make the cluster's.
    """
    # What is said last counts, as in Kafka.
    wanted = {update.feature: update for update in updates}
    proposed = {**image.features.levels, **{name: each.max_version_level for name, each in wanted.items()}}
    plan = UpdateFeaturesPlan()
    for name in strings_in_hash_order(wanted):
        update = wanted[name]
        reason = _refusal(image, update, proposed, kraft_version, node_id)
        if reason is not None:
            return UpdateFeaturesPlan(refusal=KafkaError(ErrorCode.INVALID_UPDATE_VERSION, reason))
        plan.records += _records(image, update, kraft_version, node_id)
    if validate_only:
        return UpdateFeaturesPlan()
    if proposed.get(ELIGIBLE_LEADER_REPLICAS_VERSION, 0) > 0 and ELIGIBLE_LEADER_REPLICAS_VERSION in wanted:
        plan.records = [*_safety_records(image, min_insync_replicas), *plan.records]
    # Records about the quorum stand in a batch of their own, before the others. Both are one append, but a crash in the
    # middle of it may leave the first batch only, as with Kafka.
    plan.records.sort(key=lambda record: not isinstance(record, KRaftVersionRecord | VotersRecord))
    return plan


def _refusal(
    image: ClusterImage,
    update: FeatureUpdateKey,
    proposed: Mapping[str, int],
    kraft_version: int,
    node_id: int,
) -> str | None:
    """Return why a feature cannot have a level, None when it can."""
    name, level = update.feature, update.max_version_level
    current = kraft_version if name == KRAFT_VERSION else image.features.level(name)
    reason = _general_refusal(image, update, current, node_id)
    if reason is None and name == METADATA_VERSION:
        reason = _metadata_version_refusal(current, level, update.upgrade_type)
        return None if reason is None else f"Invalid metadata.version {level}. {reason}"
    if reason is None and name == KRAFT_VERSION:
        if update.upgrade_type != UPGRADE and level != current:
            reason = "Can't downgrade the version of this feature."
    elif reason is None and name not in _KNOWN_NAMES:
        reason = f"Feature {name} not found."
    elif reason is None:
        reason = _missing_dependency(name, level, proposed)
    return None if reason is None else f"Invalid update version {level} for feature {name}. {reason}"


def _general_refusal(image: ClusterImage, update: FeatureUpdateKey, current: int, node_id: int) -> str | None:
    level = update.max_version_level
    if update.upgrade_type not in _UPGRADE_TYPES:
        return "The controller does not support the given upgrade type."
    if level < 0:
        return "A feature version cannot be less than 0."
    unsupported = _unsupported(image, update.feature, level, node_id)
    if unsupported is not None:
        return unsupported
    if level < current and update.upgrade_type == UPGRADE:
        return (
            "Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe "
            "downgrade."
        )
    if level > current and update.upgrade_type != UPGRADE:
        return "Can't downgrade to a newer version."
    return None


def _unsupported(image: ClusterImage, name: str, level: int, node_id: int) -> str | None:
    """Return which node does not support the level: this one, or another that the log still knows."""
    own = _RANGES.get(name, FeatureRange(name, 0, 0))
    nodes = [(f"Local controller {node_id}", (own.minimum, own.maximum))]
    nodes += [
        (f"Broker {broker.node_id}", broker.features.get(name, (0, 0)))
        for broker in image.brokers.by_id.values()
    ]
    nodes += [
        (f"Controller {controller.node_id}", controller.features.get(name, (0, 0)))
        for controller in image.brokers.controllers.values()
        if controller.node_id != node_id
    ]
    for node, (lowest, highest) in nodes:
        if not lowest <= level <= highest:
            if highest == 0:
                return f"{node} does not support this feature."
            supported = str(lowest) if lowest == highest else f"{lowest}-{highest}"
            return f"{node} only supports versions {supported}"
    return None


def _metadata_version_refusal(current: int, level: int, upgrade_type: int) -> str | None:
    if level >= current or not LEVELS_THAT_CHANGED_METADATA & set(range(level + 1, current + 1)):
        return None
    if upgrade_type == UNSAFE_DOWNGRADE:
        return "Unsafe metadata downgrade is not supported in this version."
    return "Refusing to perform the requested downgrade because it might delete metadata information."


def _missing_dependency(name: str, level: int, proposed: Mapping[str, int]) -> str | None:
    needed = ELIGIBLE_LEADER_REPLICAS_SINCE
    if name == ELIGIBLE_LEADER_REPLICAS_VERSION and level > 0 and proposed.get(METADATA_VERSION, 0) < needed:
        return f"{name} could not be set to {level} because it depends on {METADATA_VERSION} level {needed}"
    return None


def _records(
    image: ClusterImage, update: FeatureUpdateKey, kraft_version: int, node_id: int
) -> list[LogEntry]:
    if update.feature != KRAFT_VERSION:
        return [FeatureLevelRecord(name=update.feature, feature_level=update.max_version_level)]
    if update.max_version_level == kraft_version:
        # An upgrade to where it is leaves a trace in Kafka's log too; a downgrade to there does not.
        return [NoOpRecord()] if update.upgrade_type == UPGRADE else []
    version = KRaftVersionRecord(kraft_version=update.max_version_level)
    return [version, _voters(image, node_id), NoOpRecord()]


def _voters(image: ClusterImage, node_id: int) -> VotersRecord:
    """Return the only voter as the log names it from kraft.version 1 on."""
    (directory_id,) = image.brokers.by_id[node_id].log_dirs
    feature = _RANGES[KRAFT_VERSION]
    voter = VotersRecordVoter(
        voter_id=node_id,
        voter_directory_id=directory_id,
        endpoints=[
            VoterEndpoint(name=each.listener_name, host=each.host, port=each.port)
            for each in image.brokers.controllers[node_id].endpoints.values()
        ],
        kraft_version_feature=KRaftVersionFeature(
            min_supported_version=feature.minimum, max_supported_version=feature.maximum
        ),
    )
    return VotersRecord(voters=[voter])


def _safety_records(image: ClusterImage, min_insync_replicas: int) -> list[MetadataRecord]:
    """Return what makes min.insync.replicas the same for all brokers (maybeGenerateElrSafetyRecords, KIP-966)."""
    records: list[MetadataRecord] = []
    if _MIN_INSYNC_REPLICAS not in image.configs.cluster_default():
        records.append(_broker_config(DEFAULT_BROKER_RESOURCE_NAME, str(min_insync_replicas)))
    records += [
        _broker_config(name, None)
        for (kind, name), overrides in image.configs.by_resource.items()
        if kind == ResourceType.BROKER and name and _MIN_INSYNC_REPLICAS in overrides
    ]
    return records


def _broker_config(name: str, value: str | None) -> ConfigRecord:
    return ConfigRecord(
        resource_type=ResourceType.BROKER, resource_name=name, name=_MIN_INSYNC_REPLICAS, value=value
    )
