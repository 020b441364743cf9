from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from ottla.metadata import records as r
from ottla.metadata.aspects.configs import ConfigResource, ResourceType
from ottla.metadata.aspects.topics import RECOVERING
from ottla.metadata.image import EMPTY, ClusterImage, ImageBuilder, apply_records
from ottla.metadata.inconsistency import InconsistentMetadataError
from ottla.types import Uuid, random_uuid

ALPHA = Uuid(b"alpha-topic-id--")
BETA = Uuid(b"beta-topic-id---")
DIRECTORY = Uuid(b"directory-id----")


def partition(topic_id: Uuid, number: int) -> r.PartitionRecord:
    return r.PartitionRecord(
        partition_id=number,
        topic_id=topic_id,
        replicas=[1],
        isr=[1],
        leader=1,
        leader_epoch=0,
        partition_epoch=0,
        directories=[DIRECTORY],
    )


def registration() -> r.RegisterBrokerRecord:
    return r.RegisterBrokerRecord(
        broker_id=1,
        incarnation_id=Uuid(b"incarnation-id--"),
        broker_epoch=9,
        end_points=[r.BrokerEndpoint(name="PLAINTEXT", host="localhost", port=9092)],
        features=[
            r.BrokerFeature(name="metadata.version", min_supported_version=7, max_supported_version=27)
        ],
        log_dirs=[DIRECTORY],
    )


def override(topic: str, name: str, value: str | None) -> r.ConfigRecord:
    return r.ConfigRecord(resource_type=ResourceType.TOPIC, resource_name=topic, name=name, value=value)


def small_cluster() -> ClusterImage:
    image, _ = apply_records(
        EMPTY,
        [
            r.FeatureLevelRecord(name="metadata.version", feature_level=27),
            registration(),
            r.TopicRecord(name="alpha", topic_id=ALPHA),
            override("alpha", "retention.ms", "1000"),
            partition(ALPHA, 0),
            partition(ALPHA, 1),
        ],
        offset=10,
        epoch=1,
    )
    return image


def test_a_topic_is_found_by_name_and_by_id() -> None:
    image = small_cluster()
    assert image.topics.by_name["alpha"] is image.topics.by_id[ALPHA]
    assert sorted(image.topics.by_name["alpha"].partitions) == [0, 1]
    assert image.configs.topic("alpha") == {"retention.ms": "1000"}
    assert (image.offset, image.epoch) == (10, 1)


def test_the_delta_names_what_a_batch_touched() -> None:
    before = small_cluster()
    image, delta = apply_records(
        before,
        [
            r.TopicRecord(name="beta", topic_id=BETA),
            partition(BETA, 0),
            override("beta", "segment.bytes", "1048576"),
            r.PartitionChangeRecord(partition_id=1, topic_id=ALPHA, leader=1),
        ],
    )
    assert delta.before is before
    assert delta.created_topics == {BETA}
    assert delta.changed_topics == {BETA: image.topics.by_name["beta"], ALPHA: image.topics.by_name["alpha"]}
    assert delta.deleted_topics == {}
    assert delta.changed_configs == {ConfigResource(ResourceType.TOPIC, "beta")}
    assert delta.changed_brokers == frozenset()
    assert not delta.features_changed


def test_what_a_batch_does_not_touch_is_the_same_object() -> None:
    before = small_cluster()
    image, _ = apply_records(before, [override("alpha", "retention.ms", "7")])
    assert image.topics is before.topics
    assert before.configs.topic("alpha") == {"retention.ms": "1000"}
    assert image.configs.topic("alpha") == {"retention.ms": "7"}


def test_an_image_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        EMPTY.offset = 3  # type: ignore[misc]


def test_a_leader_named_in_a_change_raises_the_leader_epoch_even_when_it_stays() -> None:
    image, _ = apply_records(
        small_cluster(),
        [
            r.PartitionChangeRecord(
                partition_id=0,
                topic_id=ALPHA,
                isr=[],
                leader=-1,
                eligible_leader_replicas=[1],
                last_known_elr=[1],
            ),
            r.PartitionChangeRecord(
                partition_id=0, topic_id=ALPHA, isr=[1], leader=1, leader_recovery_state=1, last_known_elr=[]
            ),
        ],
    )
    changed = image.topics.by_name["alpha"].partitions[0]
    assert (changed.leader, changed.leader_epoch, changed.partition_epoch) == (1, 2, 2)
    assert changed.leader_recovery_state == RECOVERING
    assert (changed.eligible_leader_replicas, changed.last_known_eligible_leader_replicas) == ((1,), ())
    untouched = image.topics.by_name["alpha"].partitions[1]
    assert (untouched.leader_epoch, untouched.partition_epoch) == (0, 0)


def test_deleting_a_topic_takes_its_overrides_along() -> None:
    before = small_cluster()
    image, delta = apply_records(before, [r.RemoveTopicRecord(topic_id=ALPHA)])
    assert not image.topics.by_name
    assert not image.topics.by_id
    assert image.configs.topic("alpha") == {}
    assert delta.deleted_topics == {ALPHA: before.topics.by_name["alpha"]}
    assert delta.changed_topics == {}


def test_a_topic_deleted_and_created_again_in_one_batch_has_its_new_id() -> None:
    image, delta = apply_records(
        small_cluster(),
        [r.RemoveTopicRecord(topic_id=ALPHA), r.TopicRecord(name="alpha", topic_id=BETA), partition(BETA, 0)],
    )
    assert image.topics.by_name["alpha"].topic_id == BETA
    assert set(delta.deleted_topics) == {ALPHA}
    assert delta.created_topics == {BETA}


def test_a_topic_created_and_deleted_in_one_batch_leaves_no_trace() -> None:
    image, delta = apply_records(
        EMPTY,
        [r.TopicRecord(name="beta", topic_id=BETA), partition(BETA, 0), r.RemoveTopicRecord(topic_id=BETA)],
    )
    assert image.topics == EMPTY.topics
    assert not delta.changed_topics
    assert not delta.deleted_topics


def test_a_null_value_removes_an_override() -> None:
    image, delta = apply_records(small_cluster(), [override("alpha", "retention.ms", None)])
    assert ConfigResource(ResourceType.TOPIC, "alpha") not in image.configs.by_resource
    assert delta.changed_configs == {ConfigResource(ResourceType.TOPIC, "alpha")}


def test_a_transaction_shows_only_when_it_has_ended() -> None:
    builder = ImageBuilder(EMPTY)
    for record in (
        r.BeginTransactionRecord(name="Bootstrap records"),
        r.TopicRecord(name="beta", topic_id=BETA),
    ):
        builder.replay(record)
    image, delta = builder.build(1, 1)
    assert builder.in_transaction
    assert image == EMPTY
    assert not delta.changed_topics
    builder.replay(r.EndTransactionRecord())
    image, delta = builder.build(2, 1)
    assert (image.offset, image.epoch) == (2, 1)
    assert delta.created_topics == {BETA}


def test_an_aborted_transaction_never_shows() -> None:
    image, _ = apply_records(
        EMPTY,
        [
            r.BeginTransactionRecord(),
            r.TopicRecord(name="beta", topic_id=BETA),
            r.AbortTransactionRecord(reason="failover"),
        ],
    )
    assert not image.topics.by_name


def test_level_zero_removes_a_feature() -> None:
    image, delta = apply_records(
        small_cluster(),
        [
            r.FeatureLevelRecord(name="share.version", feature_level=1),
            r.FeatureLevelRecord(name="share.version", feature_level=0),
        ],
    )
    assert image.features.levels == {"metadata.version": 27}
    assert not delta.features_changed


def test_a_registration_follows_its_changes() -> None:
    image, delta = apply_records(
        small_cluster(), [r.BrokerRegistrationChangeRecord(broker_id=1, broker_epoch=9, fenced=-1)]
    )
    broker = image.brokers.by_id[1]
    assert not broker.fenced
    assert not broker.in_controlled_shutdown
    assert broker.endpoints["PLAINTEXT"].port == 9092
    assert delta.changed_brokers == {1}
    image, _ = apply_records(
        image,
        [
            r.BrokerRegistrationChangeRecord(broker_id=1, broker_epoch=9, in_controlled_shutdown=1),
            r.BrokerRegistrationChangeRecord(broker_id=1, broker_epoch=9, fenced=1),
        ],
    )
    assert image.brokers.by_id[1].fenced
    assert image.brokers.by_id[1].in_controlled_shutdown
    image, _ = apply_records(image, [r.UnregisterBrokerRecord(broker_id=1, broker_epoch=9)])
    assert not image.brokers.by_id


def test_clearing_eligible_leaders_touches_only_partitions_that_have_some() -> None:
    before, _ = apply_records(
        small_cluster(),
        [
            r.PartitionChangeRecord(
                partition_id=1, topic_id=ALPHA, eligible_leader_replicas=[1], last_known_elr=[1]
            )
        ],
    )
    for topic_name in ("", "alpha"):
        image, _ = apply_records(before, [r.ClearElrRecord(topic_name=topic_name)])
        partitions = image.topics.by_name["alpha"].partitions
        assert partitions[1].eligible_leader_replicas == ()
        assert partitions[1].last_known_eligible_leader_replicas == ()
        assert [partitions[0].partition_epoch, partitions[1].partition_epoch] == [0, 2]


def test_clearing_eligible_leaders_of_a_topic_that_has_no_partitions_yet() -> None:
    image, _ = apply_records(
        EMPTY,
        [r.TopicRecord(name="beta", topic_id=BETA), r.ClearElrRecord(topic_name="beta"), partition(BETA, 0)],
    )
    assert image.topics.by_name["beta"].partitions[0].partition_epoch == 0


def kept_records() -> list[Any]:
    return [
        r.ClientQuotaRecord(
            entity=[r.EntityData(entity_type="user", entity_name="u")], key="producer_byte_rate", value=1.5
        ),
        r.AccessControlEntryRecord(
            id=random_uuid(), resource_type=2, resource_name="alpha", principal="User:u"
        ),
        r.UserScramCredentialRecord(
            name="u", mechanism=1, salt=b"s", stored_key=b"k", server_key=b"v", iterations=4096
        ),
        r.DelegationTokenRecord(owner="User:u", requester="User:u", token_id="t"),
    ]


def test_quotas_credentials_and_what_is_not_served_are_kept_until_they_are_removed() -> None:
    quota, acl, scram, token = kept_records()
    image, _ = apply_records(EMPTY, [quota, acl, scram, token])
    assert list(image.to_records(1)) == [quota, acl, scram, token]
    image, _ = apply_records(
        image,
        [
            r.ClientQuotaRecord(entity=quota.entity, key=quota.key, remove=True),
            r.RemoveAccessControlEntryRecord(id=acl.id),
            r.RemoveUserScramCredentialRecord(name="u", mechanism=1),
            r.RemoveDelegationTokenRecord(token_id="t"),
        ],
    )
    assert list(image.to_records(1)) == []


def quota_record(value: float, *parts: tuple[str, str | None], remove: bool = False) -> r.ClientQuotaRecord:
    entity = [r.EntityData(entity_type=entity_type, entity_name=name) for entity_type, name in parts]
    return r.ClientQuotaRecord(entity=entity, key="request_percentage", value=value, remove=remove)


def test_an_entity_is_the_same_in_whatever_order_its_parts_come() -> None:
    user, client, default_client = ("user", "u"), ("client-id", "c"), ("client-id", None)
    records = [
        quota_record(1, user, client),
        quota_record(2, client, user),
        quota_record(3, user, default_client),
        quota_record(4, user),
    ]
    image, _ = apply_records(EMPTY, records)
    assert image.client_quotas.by_entity == {
        (client, user): {"request_percentage": 2},
        (default_client, user): {"request_percentage": 3},
        (user,): {"request_percentage": 4},
    }
    removals = [quota_record(0, user, client, remove=True), quota_record(0, client, remove=True)]
    image, _ = apply_records(image, removals)
    assert list(image.client_quotas.by_entity) == [(default_client, user), (user,)]


def test_what_is_not_touched_is_not_copied() -> None:
    before, _ = apply_records(small_cluster(), kept_records())
    after, _ = apply_records(before, [override("alpha", "retention.ms", "7")])
    assert after.client_quotas is before.client_quotas
    assert after.scram_credentials is before.scram_credentials
    assert after.kept is before.kept


def test_a_credential_is_shown_without_its_secrets() -> None:
    image, _ = apply_records(EMPTY, kept_records())
    assert repr(image.scram_credentials) == (
        "ScramCredentialsImage(by_user={'u': {1: ScramCredential(iterations=4096)}})"
    )


def test_an_image_is_rebuilt_from_its_records() -> None:
    image, _ = apply_records(
        small_cluster(),
        [
            *kept_records(),
            r.ProducerIdsRecord(broker_id=1, broker_epoch=9, next_producer_id=1000),
            r.RegisterControllerRecord(
                controller_id=1,
                incarnation_id=random_uuid(),
                end_points=[r.ControllerEndpoint(name="CONTROLLER", host="localhost", port=9093)],
            ),
            r.PartitionChangeRecord(
                partition_id=1,
                topic_id=ALPHA,
                isr=[],
                leader=-1,
                eligible_leader_replicas=[1],
                last_known_elr=[1],
            ),
        ],
    )
    rebuilt, _ = apply_records(EMPTY, image.to_records(1), offset=image.offset, epoch=image.epoch)
    assert rebuilt == image


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (r.TopicRecord(name="alpha", topic_id=BETA), "a second time"),
        (partition(BETA, 0), "topic that does not exist"),
        (r.PartitionChangeRecord(partition_id=7, topic_id=ALPHA), "partition that does not exist"),
        (r.RemoveTopicRecord(topic_id=BETA), "topic that does not exist"),
        (r.ClearElrRecord(topic_name="nowhere"), "topic that does not exist"),
        (r.BrokerRegistrationChangeRecord(broker_id=2, broker_epoch=9), "not registered"),
        (r.FenceBrokerRecord(id=1, epoch=8), "is at 9"),
        (r.EndTransactionRecord(), "never began"),
        (r.AbortTransactionRecord(), "never began"),
        ("no record", "no metadata record"),
    ],
)
def test_a_record_that_contradicts_the_log_is_refused(record: Any, words: str) -> None:
    with pytest.raises(InconsistentMetadataError, match=words):
        apply_records(small_cluster(), [record])
