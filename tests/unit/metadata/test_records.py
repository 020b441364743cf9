import pytest

from ottla.metadata.records import (
    RECORDS,
    BeginTransactionRecord,
    BrokerEndpoint,
    BrokerFeature,
    BrokerRegistrationChangeRecord,
    ClientQuotaRecord,
    ConfigRecord,
    EntityData,
    FeatureLevelRecord,
    NoOpRecord,
    PartitionChangeRecord,
    PartitionRecord,
    RegisterBrokerRecord,
    TopicRecord,
    decode_record,
    encode_record,
)
from ottla.types import Uuid
from ottla.wire.primitives import WireError
from ottla.wire.schema import message_schema_of

TOPIC_ID = Uuid(bytes.fromhex("00000000000000010000000000000002"))
INCARNATION_ID = Uuid(bytes.fromhex("00000000000000030000000000000004"))
DIRECTORY_ID = Uuid(bytes.fromhex("00000000000000050000000000000006"))

WRITTEN_BY_KAFKA = [
    (NoOpRecord(), 0, "01140000"),
    (
        FeatureLevelRecord(name="metadata.version", feature_level=27),
        0,
        "010c00116d657461646174612e76657273696f6e001b00",
    ),
    (TopicRecord(name="t", topic_id=TOPIC_ID), 0, "01020002740000000000000001000000000000000200"),
    (
        RegisterBrokerRecord(
            broker_id=1,
            incarnation_id=INCARNATION_ID,
            broker_epoch=9,
            end_points=[BrokerEndpoint(name="PLAINTEXT", host="h", port=65535)],
            features=[
                BrokerFeature(name="metadata.version", min_supported_version=7, max_supported_version=27)
            ],
            rack=None,
            log_dirs=[DIRECTORY_ID],
        ),
        3,
        (
            "0100030000000100000000000000000300000000000000040000000000000009020a504c41494e544558540268ffff0000"
            "0002116d657461646174612e76657273696f6e0007001b0000010001001102000000000000000500000000"
            "00000006"
        ),
    ),
    (
        PartitionRecord(
            partition_id=0,
            topic_id=TOPIC_ID,
            replicas=[1],
            isr=[1],
            leader=1,
            leader_epoch=0,
            partition_epoch=0,
            directories=[DIRECTORY_ID],
        ),
        2,
        (
            "01030200000000000000000000000100000000000000020200000001020000000101010000000100000000000000000200000000"
            "00000005000000000000000600"
        ),
    ),
    (
        PartitionRecord(
            partition_id=0,
            topic_id=TOPIC_ID,
            replicas=[1],
            isr=[1],
            leader=1,
            leader_recovery_state=1,
            leader_epoch=0,
            partition_epoch=0,
        ),
        0,
        (
            "01030000000000000000000000000100000000000000020200000001020000000101010000000100000000000000000100"
            "0101"
        ),
    ),
    (
        PartitionChangeRecord(
            partition_id=0,
            topic_id=TOPIC_ID,
            directories=[DIRECTORY_ID],
            eligible_leader_replicas=[3],
            last_known_elr=[2],
        ),
        2,
        (
            "01050200000000000000000000000100000000000000020306050200000003070502000000020811020000000000000005"
            "0000000000000006"
        ),
    ),
    (
        BrokerRegistrationChangeRecord(broker_id=1, broker_epoch=9, fenced=-1),
        2,
        "011102000000010000000000000009010001ff",
    ),
    (
        ConfigRecord(resource_type=2, resource_name="t", name="retention.ms", value=None),
        0,
        "0104000202740d726574656e74696f6e2e6d730000",
    ),
    (
        ClientQuotaRecord(
            entity=[EntityData(entity_type="user", entity_name=None)], key="producer_byte_rate", value=1.5
        ),
        0,
        "010e0002057573657200001370726f64756365725f627974655f726174653ff80000000000000000",
    ),
    (BeginTransactionRecord(name="Bootstrap records"), 0, "01170001001212426f6f747374726170207265636f726473"),
]


@pytest.mark.parametrize(("record", "version", "written"), WRITTEN_BY_KAFKA)
def test_a_frame_is_the_one_that_kafka_writes_and_reads_back(record, version, written):
    assert encode_record(record, version).hex() == written
    assert decode_record(bytes.fromhex(written)) == record


def test_every_record_of_4_1_1_is_in_the_table_under_its_key():
    assert sorted(RECORDS) == [*range(6), *range(7, 13), 14, 15, *range(17, 29)]
    assert all(message_schema_of(record).key == key for key, record in RECORDS.items())


def test_every_version_of_every_record_survives_its_frame():
    for record_class in RECORDS.values():
        for version in message_schema_of(record_class).versions:
            assert decode_record(encode_record(record_class(), version)) == record_class()


def test_a_record_is_read_from_the_middle_of_a_larger_buffer():
    assert decode_record(memoryview(b"xx\x01\x14\x00\x00yy")[2:6]) == NoOpRecord()


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "end inside the frame"),
        ("01", "end inside the frame"),
        ("0114", "end inside the frame"),
        ("ffffffffff01", "more than 5 bytes"),
        ("00140000", "frame version 0 of a metadata record is not 1"),
        ("02140000", "frame version 2 of a metadata record is not 1"),
        ("01060000", "key 6 is no metadata record"),
        ("01ffff031400", "key 65535 is no metadata record"),
        ("01140100", "NoOpRecord v1: this version is not known"),
        ("011400", "NoOpRecord v0"),
        ("0114000000", "1 bytes are left over"),
        ("01020000", "TopicRecord v0, name"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_its_place(written, reason):
    with pytest.raises(WireError, match=reason):
        decode_record(bytes.fromhex(written))


def test_a_version_that_the_record_does_not_have_is_not_written():
    with pytest.raises(ValueError, match="PartitionRecord has versions 0 to 2, not 3"):
        encode_record(PartitionRecord(), 3)
