"""The life of a cluster from release 3.3 to 4.1 in its metadata log: every type of record in every version.

A table of data, in the form in which Apache Kafka's tools print records; `MetadataFiles.java` writes it with Kafka's
own classes. What comes to bear at the end is what `test_metadata_records.py` looks for, with Ottla and with Kafka.
"""

import base64
from typing import Any, NamedTuple


class Written(NamedTuple):
    """One record as Kafka's tools print it."""

    type: str
    version: int
    data: dict[str, Any]


def identifier(number: int) -> str:
    """Return a UUID with this number, as Kafka prints it; those below 100 are Kafka's own."""
    return base64.urlsafe_b64encode(number.to_bytes(16, "big")).rstrip(b"=").decode("ascii")


GROWN, MOVED, DRAINED, CLEARED, GONE, NEVER, LATE = (identifier(1000 + number) for number in range(7))
"""Ids of the topics `grown`, `moved` and so on."""
DIRECTORY, OTHER_DIRECTORY = identifier(2000), identifier(2001)
"""The data directory of this node, and one of another."""
INCARNATION = identifier(3000)
ACL, REMOVED_ACL = identifier(4000), identifier(4001)

NODE, FENCED_NODE, LEAVING_NODE, FORGOTTEN_NODE = 1, 8, 9, 10
OLD_CONTROLLER = 7
REMOVED_USER = "erin"
"""A user whose credential is removed. In a hash table of Java the name stands behind alice's: where brokers of Apache
Kafka read both at once and come to the removed one first, they lose the others of the mechanism (`ScramDelta`)."""
SECRET = base64.b64encode(b"a secret of 16 b").decode("ascii")


def record(record_type: str, version: int = 0, /, **fields: Any) -> Written:
    """Return one record; the fields carry Kafka's names."""
    return Written(f"{record_type}_RECORD", version, fields)


def endpoint(name: str, port: int) -> dict[str, Any]:
    return {"name": name, "host": "localhost", "port": port, "securityProtocol": 0}


def feature(name: str, lowest: int, highest: int) -> dict[str, Any]:
    return {"name": name, "minSupportedVersion": lowest, "maxSupportedVersion": highest}


def broker(node: int, version: int, epoch: int, **fields: Any) -> Written:
    """Return a registration; the fields are those that came with later versions."""
    return record(
        "REGISTER_BROKER",
        version,
        brokerId=node,
        incarnationId=INCARNATION,
        brokerEpoch=epoch,
        endPoints=[endpoint("PLAINTEXT", 9000 + node)],
        features=[feature("metadata.version", 1, 27)],
        rack=None if node == NODE else f"rack-{node}",
        fenced=True,
        **fields,
    )


def partition(topic: str, number: int, version: int, **fields: Any) -> Written:
    """Return a partition's first record; by default this node alone has and leads it."""
    state = {"replicas": [NODE], "isr": [NODE], "leader": NODE, "leaderEpoch": 0, "partitionEpoch": 0}
    moves: dict[str, Any] = {"removingReplicas": [], "addingReplicas": []}
    return record("PARTITION", version, partitionId=number, topicId=topic, **{**state, **moves, **fields})


def change(topic: str, number: int, version: int, **fields: Any) -> Written:
    """Return a change of a partition."""
    return record("PARTITION_CHANGE", version, partitionId=number, topicId=topic, **fields)


def config(resource_type: int, resource: str, name: str, value: str | None) -> Written:
    return record("CONFIG", resourceType=resource_type, resourceName=resource, name=name, value=value)


def level(name: str, number: int) -> Written:
    return record("FEATURE_LEVEL", name=name, featureLevel=number)


def acl(entry: str, operation: int) -> Written:
    return record(
        "ACCESS_CONTROL_ENTRY",
        id=entry,
        resourceType=2,
        resourceName="grown",
        patternType=3,
        principal="User:alice",
        host="*",
        operation=operation,
        permissionType=3,
    )


def scram(user: str, mechanism: int) -> Written:
    return record(
        "USER_SCRAM_CREDENTIAL",
        name=user,
        mechanism=mechanism,
        salt=SECRET,
        storedKey=SECRET,
        serverKey=SECRET,
        iterations=4096,
    )


def quota(key: str, value: float, *, remove: bool = False, **entity: str | None) -> Written:
    parts = [
        {"entityType": kind.replace("_", "-"), "entityName": name} for kind, name in sorted(entity.items())
    ]
    return record("CLIENT_QUOTA", entity=parts, key=key, value=value, remove=remove)


def token(token_id: str) -> Written:
    return record(
        "DELEGATION_TOKEN",
        owner="User:alice",
        requester="User:admin",
        renewers=["User:bob"],
        issueTimestamp=1_700_000_000_000,
        maxTimestamp=4_000_000_000_000,
        expirationTimestamp=3_000_000_000_000,
        tokenId=token_id,
    )


TOPIC, BROKER, CLIENT_METRICS, GROUP = 2, 4, 16, 32
"""Types of resources that have a configuration."""

BATCHES: list[list[Written]] = [
    # Release 3.3: brokers are fenced and unfenced by records of their own, and take part in migrations.
    [level("metadata.version", 7), record("ZK_MIGRATION_STATE", zkMigrationState=0)],
    [broker(FENCED_NODE, 0, 3), record("UNFENCE_BROKER", id=FENCED_NODE, epoch=3)],
    [broker(LEAVING_NODE, 1, 4, inControlledShutdown=False), broker(FORGOTTEN_NODE, 0, 5)],
    [broker(NODE, 1, 6, inControlledShutdown=False)],
    [record("BROKER_REGISTRATION_CHANGE", 0, brokerId=NODE, brokerEpoch=6, fenced=-1)],
    [record("BROKER_REGISTRATION_CHANGE", 1, brokerId=LEAVING_NODE, brokerEpoch=4, inControlledShutdown=1)],
    [
        record("TOPIC", name="grown", topicId=GROWN),
        partition(GROWN, 0, 0),
        partition(GROWN, 1, 0, replicas=[NODE, FENCED_NODE], isr=[NODE, FENCED_NODE]),
        config(TOPIC, "grown", "retention.ms", "123456789"),
        config(TOPIC, "grown", "cleanup.policy", "compact"),
    ],
    [record("FENCE_BROKER", id=FENCED_NODE, epoch=3), change(GROWN, 1, 0, isr=[NODE], leader=NODE)],
    [record("NO_OP")],
    [config(TOPIC, "grown", "cleanup.policy", None)],
    [
        record("TOPIC", name="gone", topicId=GONE),
        partition(GONE, 0, 0),
        config(TOPIC, "gone", "retention.ms", "1"),
    ],
    [record("REMOVE_TOPIC", topicId=GONE)],
    [record("UNREGISTER_BROKER", brokerId=FORGOTTEN_NODE, brokerEpoch=5)],
    [acl(ACL, 3), acl(REMOVED_ACL, 4)],
    [record("REMOVE_ACCESS_CONTROL_ENTRY", id=REMOVED_ACL)],
    [record("PRODUCER_IDS", brokerId=NODE, brokerEpoch=6, nextProducerId=1000)],
    [record("PRODUCER_IDS", brokerId=NODE, brokerEpoch=6, nextProducerId=5000)],
    # Release 3.5 and 3.6: SCRAM, delegation tokens, transactions of the metadata.
    [level("metadata.version", 14)],
    [broker(FENCED_NODE, 2, 40, isMigratingZkBroker=False, inControlledShutdown=False)],
    [scram("alice", 1), scram("alice", 2), scram(REMOVED_USER, 2)],
    [record("REMOVE_USER_SCRAM_CREDENTIAL", name=REMOVED_USER, mechanism=2)],
    [token("kept-token"), token("removed-token")],
    [record("REMOVE_DELEGATION_TOKEN", tokenId="removed-token")],
    [record("BEGIN_TRANSACTION", name="given up"), record("TOPIC", name="never", topicId=NEVER)],
    [partition(NEVER, 0, 0), record("ABORT_TRANSACTION", reason="failover")],
    [record("BEGIN_TRANSACTION"), record("TOPIC", name="moved", topicId=MOVED)],
    [
        partition(MOVED, 0, 0, replicas=[NODE, FENCED_NODE], addingReplicas=[FENCED_NODE]),
        record("END_TRANSACTION"),
    ],
    # Release 3.7: log directories and registered controllers.
    [level("metadata.version", 19)],
    [
        record(
            "REGISTER_CONTROLLER",
            controllerId=OLD_CONTROLLER,
            incarnationId=INCARNATION,
            zkMigrationReady=False,
            endPoints=[endpoint("CONTROLLER", 9093)],
            features=[feature("metadata.version", 1, 27)],
        )
    ],
    [
        broker(
            LEAVING_NODE,
            3,
            41,
            isMigratingZkBroker=False,
            inControlledShutdown=True,
            logDirs=[DIRECTORY],
        )
    ],
    [
        record(
            "BROKER_REGISTRATION_CHANGE",
            2,
            brokerId=LEAVING_NODE,
            brokerEpoch=41,
            logDirs=[OTHER_DIRECTORY],
        )
    ],
    [
        record("TOPIC", name="late", topicId=LATE),
        partition(LATE, 0, 1, directories=[DIRECTORY]),
        partition(LATE, 1, 1, directories=[OTHER_DIRECTORY]),
        change(LATE, 1, 1, directories=[DIRECTORY]),
    ],
    # Release 4.0 and 4.1: eligible leader replicas, and features beside metadata.version.
    [
        level("metadata.version", 27),
        level("group.version", 1),
        level("transaction.version", 2),
        level("share.version", 1),
        level("eligible.leader.replicas.version", 1),
        config(BROKER, "", "min.insync.replicas", "1"),
    ],
    [level("share.version", 0)],
    [
        record("TOPIC", name="cleared", topicId=CLEARED),
        partition(
            CLEARED,
            0,
            2,
            replicas=[NODE, FENCED_NODE, LEAVING_NODE],
            directories=[DIRECTORY, DIRECTORY, OTHER_DIRECTORY],
            eligibleLeaderReplicas=[FENCED_NODE],
            lastKnownElr=[LEAVING_NODE],
        ),
        record("CLEAR_ELR", topicName="cleared"),
    ],
    [record("CLEAR_ELR", topicName="")],
    [
        record("TOPIC", name="drained", topicId=DRAINED),
        partition(
            DRAINED,
            0,
            2,
            replicas=[FENCED_NODE, LEAVING_NODE],
            isr=[LEAVING_NODE],
            leader=LEAVING_NODE,
            directories=[DIRECTORY, OTHER_DIRECTORY],
            eligibleLeaderReplicas=[FENCED_NODE],
        ),
    ],
    [
        change(
            DRAINED,
            0,
            2,
            isr=[],
            leader=-1,
            eligibleLeaderReplicas=[FENCED_NODE, LEAVING_NODE],
            lastKnownElr=[LEAVING_NODE],
        )
    ],
    [
        config(BROKER, "", "message.max.bytes", "1048577"),
        config(BROKER, "1", "log.retention.ms", "86400001"),
        config(GROUP, "readers", "consumer.session.timeout.ms", "50000"),
        config(CLIENT_METRICS, "watched", "interval.ms", "60000"),
    ],
    [
        quota("producer_byte_rate", 1048576.5, user="alice"),
        quota("consumer_byte_rate", 2097152.0, user="alice", client_id=None),
        quota("request_percentage", 200.0, user=None),
        quota("connection_creation_rate", 30.0, ip="127.0.0.1"),
        quota("producer_byte_rate", 1.0, client_id="removed"),
    ],
    [quota("producer_byte_rate", 0.0, remove=True, client_id="removed")],
]


def json_batches() -> list[list[dict[str, Any]]]:
    """Return the table in the form that Kafka's tools print and `MetadataFiles` reads."""
    return [[each._asdict() for each in batch] for batch in BATCHES]


def written_versions() -> dict[str, set[int]]:
    """Return the versions in which each type stands in the table."""
    versions: dict[str, set[int]] = {}
    for batch in BATCHES:
        for each in batch:
            versions.setdefault(each.type, set()).add(each.version)
    return versions
