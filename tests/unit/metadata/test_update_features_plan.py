"""Which level may follow which, in Kafka's words."""

from __future__ import annotations

import pytest
from tests.unit.metadata.clusters import broker, cluster

from ottla.errors import ErrorCode
from ottla.metadata import records as r
from ottla.metadata.aspects.features import SUPPORTED_FEATURES
from ottla.metadata.image import ClusterImage, apply_records
from ottla.metadata.update_features_plan import (
    SAFE_DOWNGRADE,
    UNSAFE_DOWNGRADE,
    UPGRADE,
    UpdateFeaturesPlan,
    plan_update_features,
)
from ottla.protocol.messages.update_features import FeatureUpdateKey
from ottla.protocol.raft_records import KRaftVersionRecord, VotersRecord

NODE_ID = 1
FEATURES = [
    r.BrokerFeature(name=each.name, min_supported_version=each.minimum, max_supported_version=each.maximum)
    for each in SUPPORTED_FEATURES
]


def image_at(**levels: int) -> ClusterImage:
    """A cluster of one node that supports what this release does, at these levels beside its defaults."""
    own = broker(NODE_ID)
    own.features = FEATURES
    endpoint = r.ControllerEndpoint(name="CONTROLLER", host="localhost", port=9093)
    controller = r.RegisterControllerRecord(controller_id=NODE_ID, end_points=[endpoint])
    image = cluster({}, own, eligible_leader_replicas=False)
    records = [
        r.FeatureLevelRecord(name=name.replace("_", "."), feature_level=level)
        for name, level in levels.items()
    ]
    return apply_records(image, [controller, *records])[0]


def plan(
    image: ClusterImage,
    *updates: tuple[str, int, int],
    kraft_version: int = 0,
    validate_only: bool = False,
) -> UpdateFeaturesPlan:
    return plan_update_features(
        image,
        [
            FeatureUpdateKey(feature=name, max_version_level=level, upgrade_type=upgrade_type)
            for name, level, upgrade_type in updates
        ],
        kraft_version=kraft_version,
        node_id=NODE_ID,
        min_insync_replicas=1,
        validate_only=validate_only,
    )


@pytest.mark.parametrize(
    ("update", "text"),
    [
        (
            ("group.version", 1, 0),
            (
                "Invalid update version 1 for feature group.version. The controller does not support the given upgrade "
                "type."
            ),
        ),
        (
            ("group.version", -1, UPGRADE),
            "Invalid update version -1 for feature group.version. A feature version cannot be less than 0.",
        ),
        (
            ("group.version", 2, UPGRADE),
            "Invalid update version 2 for feature group.version. Local controller 1 only supports versions 0-1",
        ),
        (
            ("streams.version", 1, UPGRADE),
            "Invalid update version 1 for feature streams.version. Local controller 1 does not support this feature.",
        ),
        (
            ("no.such.version", 0, SAFE_DOWNGRADE),
            "Invalid update version 0 for feature no.such.version. Feature no.such.version not found.",
        ),
        (
            ("metadata.version", 28, UPGRADE),
            "Invalid update version 28 for feature metadata.version. Local controller 1 only supports versions 7-27",
        ),
        (
            ("metadata.version", 26, UPGRADE),
            (
                "Invalid update version 26 for feature metadata.version. Can't downgrade the version of this feature "
                "without setting the upgrade type to either safe or unsafe downgrade."
            ),
        ),
        (
            ("group.version", 1, SAFE_DOWNGRADE),
            "Invalid update version 1 for feature group.version. Can't downgrade to a newer version.",
        ),
        (
            ("metadata.version", 22, SAFE_DOWNGRADE),
            (
                "Invalid metadata.version 22. Refusing to perform the requested downgrade because it might delete "
                "metadata information."
            ),
        ),
        (
            ("metadata.version", 22, UNSAFE_DOWNGRADE),
            "Invalid metadata.version 22. Unsafe metadata downgrade is not supported in this version.",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_kafkas_words(update: tuple[str, int, int], text: str) -> None:
    refused = plan(image_at(), update)
    assert refused.refusal is not None
    assert (refused.refusal.code, refused.refusal.message) == (ErrorCode.INVALID_UPDATE_VERSION, text)
    assert refused.records == []


@pytest.mark.parametrize("level", [23, 24, 25, 26, 27])
def test_a_downgrade_that_loses_nothing_is_done(level: int) -> None:
    done = plan(image_at(), ("metadata.version", level, SAFE_DOWNGRADE))
    assert done.refusal is None
    assert done.records == [r.FeatureLevelRecord(name="metadata.version", feature_level=level)]


def test_eligible_leader_replicas_need_a_metadata_version_and_one_minimum_for_all() -> None:
    name = "eligible.leader.replicas.version"
    old = image_at(metadata_version=22)
    refused = plan(old, (name, 1, UPGRADE))
    assert refused.refusal is not None
    assert refused.refusal.message == (
        f"Invalid update version 1 for feature {name}. {name} could not be set to 1 because it depends on "
        "metadata.version level 23"
    )
    own = r.ConfigRecord(resource_type=4, resource_name="1", name="min.insync.replicas", value="2")
    image, _ = apply_records(old, [own])
    done = plan(image, ("metadata.version", 27, UPGRADE), (name, 1, UPGRADE))
    assert done.records == [
        r.ConfigRecord(resource_type=4, resource_name="", name="min.insync.replicas", value="1"),
        r.ConfigRecord(resource_type=4, resource_name="1", name="min.insync.replicas", value=None),
        r.FeatureLevelRecord(name="metadata.version", feature_level=27),
        r.FeatureLevelRecord(name=name, feature_level=1),
    ]


def test_of_two_that_cannot_be_the_first_in_kafkas_hash_map_is_told() -> None:
    done = plan(image_at(), ("kraft.version", 9, UPGRADE), ("group.version", 9, UPGRADE))
    assert done.refusal is not None
    assert done.refusal.message == (
        "Invalid update version 9 for feature group.version. Local controller 1 only supports versions 0-1"
    )


def test_another_node_that_the_log_knows_has_its_say() -> None:
    other = broker(2, fenced=True)
    image, _ = apply_records(image_at(), [other])
    refused = plan(image, ("share.version", 1, UPGRADE))
    assert refused.refusal is not None
    assert refused.refusal.message is not None
    assert refused.refusal.message.endswith("Broker 2 does not support this feature.")


def test_what_was_said_last_of_a_feature_counts() -> None:
    done = plan(image_at(), ("share.version", 1, UPGRADE), ("share.version", 0, UPGRADE))
    assert done.records == [r.FeatureLevelRecord(name="share.version", feature_level=0)]


def test_recorded_voters_stand_before_everything_else_and_stay() -> None:
    image = image_at()
    done = plan(image, ("share.version", 1, UPGRADE), ("kraft.version", 1, UPGRADE))
    version, voters, *others = done.records
    assert version == KRaftVersionRecord(kraft_version=1)
    assert isinstance(voters, VotersRecord)
    (voter,) = voters.voters
    assert (voter.voter_id, voter.voter_directory_id) == (NODE_ID, image.brokers.by_id[NODE_ID].log_dirs[0])
    assert [(each.name, each.host, each.port) for each in voter.endpoints] == [
        ("CONTROLLER", "localhost", 9093)
    ]
    assert others == [r.NoOpRecord(), r.FeatureLevelRecord(name="share.version", feature_level=1)]
    again = plan(image, ("kraft.version", 1, UPGRADE), kraft_version=1)
    assert again.records == [r.NoOpRecord()]
    assert plan(image, ("kraft.version", 1, SAFE_DOWNGRADE), kraft_version=1).records == []
    refused = plan(image, ("kraft.version", 0, SAFE_DOWNGRADE), kraft_version=1)
    assert refused.refusal is not None
    assert refused.refusal.message == (
        "Invalid update version 0 for feature kraft.version. Can't downgrade the version of this feature."
    )


def test_validation_writes_nothing() -> None:
    assert plan(image_at(), ("share.version", 1, UPGRADE), validate_only=True) == UpdateFeaturesPlan()
