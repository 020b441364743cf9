"""The table of Kafka's APIs: which exist in 4.1.1, in which versions, on which listeners, and which of
them are served.

This table is the only place that knows. A row's versions are those that 4.1.1 accepts with its default
settings: a newest version that Kafka calls unstable is neither accepted nor advertised. Numbers without a
row, among them 4 to 7, are unknown to Kafka: it closes the connection. Facts 1.1.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any

_CAMEL_BOUNDARY = re.compile(r"(?<!^)(?=[A-Z])")

MESSAGES_PACKAGE = "ottla.protocol.messages"
"""Where the module of each served API lies; it is imported when its classes are first asked for."""


class ApiKey(IntEnum):
    """The numbers of the APIs of 4.1.1, by Kafka's names."""

    PRODUCE = 0
    FETCH = 1
    LIST_OFFSETS = 2
    METADATA = 3
    OFFSET_COMMIT = 8
    OFFSET_FETCH = 9
    FIND_COORDINATOR = 10
    JOIN_GROUP = 11
    HEARTBEAT = 12
    LEAVE_GROUP = 13
    SYNC_GROUP = 14
    DESCRIBE_GROUPS = 15
    LIST_GROUPS = 16
    SASL_HANDSHAKE = 17
    API_VERSIONS = 18
    CREATE_TOPICS = 19
    DELETE_TOPICS = 20
    DELETE_RECORDS = 21
    INIT_PRODUCER_ID = 22
    OFFSET_FOR_LEADER_EPOCH = 23
    ADD_PARTITIONS_TO_TXN = 24
    ADD_OFFSETS_TO_TXN = 25
    END_TXN = 26
    WRITE_TXN_MARKERS = 27
    TXN_OFFSET_COMMIT = 28
    DESCRIBE_ACLS = 29
    CREATE_ACLS = 30
    DELETE_ACLS = 31
    DESCRIBE_CONFIGS = 32
    ALTER_CONFIGS = 33
    ALTER_REPLICA_LOG_DIRS = 34
    DESCRIBE_LOG_DIRS = 35
    SASL_AUTHENTICATE = 36
    CREATE_PARTITIONS = 37
    CREATE_DELEGATION_TOKEN = 38
    RENEW_DELEGATION_TOKEN = 39
    EXPIRE_DELEGATION_TOKEN = 40
    DESCRIBE_DELEGATION_TOKEN = 41
    DELETE_GROUPS = 42
    ELECT_LEADERS = 43
    INCREMENTAL_ALTER_CONFIGS = 44
    ALTER_PARTITION_REASSIGNMENTS = 45
    LIST_PARTITION_REASSIGNMENTS = 46
    OFFSET_DELETE = 47
    DESCRIBE_CLIENT_QUOTAS = 48
    ALTER_CLIENT_QUOTAS = 49
    DESCRIBE_USER_SCRAM_CREDENTIALS = 50
    ALTER_USER_SCRAM_CREDENTIALS = 51
    VOTE = 52
    BEGIN_QUORUM_EPOCH = 53
    END_QUORUM_EPOCH = 54
    DESCRIBE_QUORUM = 55
    ALTER_PARTITION = 56
    UPDATE_FEATURES = 57
    ENVELOPE = 58
    FETCH_SNAPSHOT = 59
    DESCRIBE_CLUSTER = 60
    DESCRIBE_PRODUCERS = 61
    BROKER_REGISTRATION = 62
    BROKER_HEARTBEAT = 63
    UNREGISTER_BROKER = 64
    DESCRIBE_TRANSACTIONS = 65
    LIST_TRANSACTIONS = 66
    ALLOCATE_PRODUCER_IDS = 67
    CONSUMER_GROUP_HEARTBEAT = 68
    CONSUMER_GROUP_DESCRIBE = 69
    CONTROLLER_REGISTRATION = 70
    GET_TELEMETRY_SUBSCRIPTIONS = 71
    PUSH_TELEMETRY = 72
    ASSIGN_REPLICAS_TO_DIRS = 73
    LIST_CONFIG_RESOURCES = 74
    DESCRIBE_TOPIC_PARTITIONS = 75
    SHARE_GROUP_HEARTBEAT = 76
    SHARE_GROUP_DESCRIBE = 77
    SHARE_FETCH = 78
    SHARE_ACKNOWLEDGE = 79
    ADD_RAFT_VOTER = 80
    REMOVE_RAFT_VOTER = 81
    UPDATE_RAFT_VOTER = 82
    INITIALIZE_SHARE_GROUP_STATE = 83
    READ_SHARE_GROUP_STATE = 84
    WRITE_SHARE_GROUP_STATE = 85
    DELETE_SHARE_GROUP_STATE = 86
    READ_SHARE_GROUP_STATE_SUMMARY = 87
    STREAMS_GROUP_HEARTBEAT = 88
    STREAMS_GROUP_DESCRIBE = 89
    DESCRIBE_SHARE_GROUP_OFFSETS = 90
    ALTER_SHARE_GROUP_OFFSETS = 91
    DELETE_SHARE_GROUP_OFFSETS = 92


@dataclass(frozen=True, slots=True)
class Api:
    """One API.

    `module` is its module in `ottla.protocol.messages` and in `ottla.handlers`; versions run from
    `min_version` to `max_version`, none when the latter is smaller; `flexible_from` is the first version
    with compact lengths and tagged fields (KIP-482), None where there is none; `listeners` are the roles
    whose listeners offer it. One that is served and not advertised answers a client that asks for it anyway.
    """

    key: ApiKey
    name: str
    module: str
    min_version: int
    max_version: int
    flexible_from: int | None
    listeners: frozenset[str]
    served: bool
    advertised_min_version: int
    is_advertised: bool

    def accepts(self, version: int) -> bool:
        """Tell whether a request of this version can be read."""
        return self.min_version <= version <= self.max_version

    def is_flexible(self, version: int) -> bool:
        """Tell whether this version, accepted or not, has compact lengths and tagged fields."""
        return self.flexible_from is not None and version >= self.flexible_from


def _api(
    key: ApiKey,
    name: str,
    min_version: int,
    max_version: int,
    flexible_from: int | None,
    listeners: frozenset[str],
    *,
    served: bool = False,
    advertised_min_version: int | None = None,
    is_advertised: bool = True,
) -> Api:
    return Api(
        key=key,
        name=name,
        module=_CAMEL_BOUNDARY.sub("_", name).lower(),
        min_version=min_version,
        max_version=max_version,
        flexible_from=flexible_from,
        listeners=listeners,
        served=served,
        advertised_min_version=min_version if advertised_min_version is None else advertised_min_version,
        is_advertised=is_advertised,
    )


_BROKER = frozenset({"broker"})
_CONTROLLER = frozenset({"controller"})
_BOTH = _BROKER | _CONTROLLER

# Produce is advertised from version 0 although versions below 3 are refused: librdkafka takes a broker whose
# range starts higher for one that cannot be spoken to (facts 1.1). The APIs of client telemetry are advertised only
# by a broker with a receiver for it, and answered by every one (facts 7.10).
APIS: dict[int, Api] = {
    api.key: api
    for api in (
        _api(ApiKey.PRODUCE, "Produce", 3, 13, 9, _BROKER, served=True, advertised_min_version=0),
        _api(ApiKey.FETCH, "Fetch", 4, 18, 12, _BOTH, served=True),
        _api(ApiKey.LIST_OFFSETS, "ListOffsets", 1, 10, 6, _BROKER, served=True),
        _api(ApiKey.METADATA, "Metadata", 0, 13, 9, _BROKER, served=True),
        _api(ApiKey.OFFSET_COMMIT, "OffsetCommit", 2, 9, 8, _BROKER, served=True),
        _api(ApiKey.OFFSET_FETCH, "OffsetFetch", 1, 9, 6, _BROKER, served=True),
        _api(ApiKey.FIND_COORDINATOR, "FindCoordinator", 0, 6, 3, _BROKER, served=True),
        _api(ApiKey.JOIN_GROUP, "JoinGroup", 0, 9, 6, _BROKER, served=True),
        _api(ApiKey.HEARTBEAT, "Heartbeat", 0, 4, 4, _BROKER, served=True),
        _api(ApiKey.LEAVE_GROUP, "LeaveGroup", 0, 5, 4, _BROKER, served=True),
        _api(ApiKey.SYNC_GROUP, "SyncGroup", 0, 5, 4, _BROKER, served=True),
        _api(ApiKey.DESCRIBE_GROUPS, "DescribeGroups", 0, 6, 5, _BROKER, served=True),
        _api(ApiKey.LIST_GROUPS, "ListGroups", 0, 5, 3, _BROKER, served=True),
        _api(ApiKey.SASL_HANDSHAKE, "SaslHandshake", 0, 1, None, _BOTH, served=True),
        _api(ApiKey.API_VERSIONS, "ApiVersions", 0, 4, 3, _BOTH, served=True),
        _api(ApiKey.CREATE_TOPICS, "CreateTopics", 2, 7, 5, _BOTH, served=True),
        _api(ApiKey.DELETE_TOPICS, "DeleteTopics", 1, 6, 4, _BOTH, served=True),
        _api(ApiKey.DELETE_RECORDS, "DeleteRecords", 0, 2, 2, _BROKER, served=True),
        _api(ApiKey.INIT_PRODUCER_ID, "InitProducerId", 0, 5, 2, _BROKER, served=True),
        _api(ApiKey.OFFSET_FOR_LEADER_EPOCH, "OffsetForLeaderEpoch", 2, 4, 4, _BROKER, served=True),
        _api(ApiKey.ADD_PARTITIONS_TO_TXN, "AddPartitionsToTxn", 0, 5, 3, _BROKER),
        _api(ApiKey.ADD_OFFSETS_TO_TXN, "AddOffsetsToTxn", 0, 4, 3, _BROKER),
        _api(ApiKey.END_TXN, "EndTxn", 0, 5, 3, _BROKER),
        _api(ApiKey.WRITE_TXN_MARKERS, "WriteTxnMarkers", 1, 1, 1, _BROKER),
        _api(ApiKey.TXN_OFFSET_COMMIT, "TxnOffsetCommit", 0, 5, 3, _BROKER),
        _api(ApiKey.DESCRIBE_ACLS, "DescribeAcls", 1, 3, 2, _BOTH, served=True),
        _api(ApiKey.CREATE_ACLS, "CreateAcls", 1, 3, 2, _BOTH, served=True),
        _api(ApiKey.DELETE_ACLS, "DeleteAcls", 1, 3, 2, _BOTH, served=True),
        _api(ApiKey.DESCRIBE_CONFIGS, "DescribeConfigs", 1, 4, 4, _BOTH, served=True),
        _api(ApiKey.ALTER_CONFIGS, "AlterConfigs", 0, 2, 2, _BOTH, served=True),
        _api(ApiKey.ALTER_REPLICA_LOG_DIRS, "AlterReplicaLogDirs", 1, 2, 2, _BROKER, served=True),
        _api(ApiKey.DESCRIBE_LOG_DIRS, "DescribeLogDirs", 1, 4, 2, _BROKER, served=True),
        _api(ApiKey.SASL_AUTHENTICATE, "SaslAuthenticate", 0, 2, 2, _BOTH, served=True),
        _api(ApiKey.CREATE_PARTITIONS, "CreatePartitions", 0, 3, 2, _BOTH, served=True),
        _api(ApiKey.CREATE_DELEGATION_TOKEN, "CreateDelegationToken", 1, 3, 2, _BOTH, served=True),
        _api(ApiKey.RENEW_DELEGATION_TOKEN, "RenewDelegationToken", 1, 2, 2, _BOTH, served=True),
        _api(ApiKey.EXPIRE_DELEGATION_TOKEN, "ExpireDelegationToken", 1, 2, 2, _BOTH, served=True),
        _api(ApiKey.DESCRIBE_DELEGATION_TOKEN, "DescribeDelegationToken", 1, 3, 2, _BOTH, served=True),
        _api(ApiKey.DELETE_GROUPS, "DeleteGroups", 0, 2, 2, _BROKER, served=True),
        _api(ApiKey.ELECT_LEADERS, "ElectLeaders", 0, 2, 2, _BOTH, served=True),
        _api(ApiKey.INCREMENTAL_ALTER_CONFIGS, "IncrementalAlterConfigs", 0, 1, 1, _BOTH, served=True),
        _api(
            ApiKey.ALTER_PARTITION_REASSIGNMENTS, "AlterPartitionReassignments", 0, 1, 0, _BOTH, served=True
        ),
        _api(ApiKey.LIST_PARTITION_REASSIGNMENTS, "ListPartitionReassignments", 0, 0, 0, _BOTH, served=True),
        _api(ApiKey.OFFSET_DELETE, "OffsetDelete", 0, 0, None, _BROKER, served=True),
        _api(ApiKey.DESCRIBE_CLIENT_QUOTAS, "DescribeClientQuotas", 0, 1, 1, _BROKER, served=True),
        _api(ApiKey.ALTER_CLIENT_QUOTAS, "AlterClientQuotas", 0, 1, 1, _BOTH, served=True),
        _api(
            ApiKey.DESCRIBE_USER_SCRAM_CREDENTIALS,
            "DescribeUserScramCredentials",
            0,
            0,
            0,
            _BOTH,
            served=True,
        ),
        _api(ApiKey.ALTER_USER_SCRAM_CREDENTIALS, "AlterUserScramCredentials", 0, 0, 0, _BOTH, served=True),
        _api(ApiKey.VOTE, "Vote", 0, 2, 0, _CONTROLLER, served=True),
        _api(ApiKey.BEGIN_QUORUM_EPOCH, "BeginQuorumEpoch", 0, 1, 1, _CONTROLLER, served=True),
        _api(ApiKey.END_QUORUM_EPOCH, "EndQuorumEpoch", 0, 1, 1, _CONTROLLER, served=True),
        _api(ApiKey.DESCRIBE_QUORUM, "DescribeQuorum", 0, 2, 0, _BOTH, served=True),
        _api(ApiKey.ALTER_PARTITION, "AlterPartition", 2, 3, 0, _CONTROLLER, served=True),
        _api(ApiKey.UPDATE_FEATURES, "UpdateFeatures", 0, 2, 0, _BOTH, served=True),
        _api(ApiKey.ENVELOPE, "Envelope", 0, 0, 0, _CONTROLLER, served=True),
        _api(ApiKey.FETCH_SNAPSHOT, "FetchSnapshot", 0, 1, 0, _CONTROLLER, served=True),
        _api(ApiKey.DESCRIBE_CLUSTER, "DescribeCluster", 0, 2, 0, _BOTH, served=True),
        _api(ApiKey.DESCRIBE_PRODUCERS, "DescribeProducers", 0, 0, 0, _BROKER, served=True),
        _api(ApiKey.BROKER_REGISTRATION, "BrokerRegistration", 0, 4, 0, _CONTROLLER, served=True),
        _api(ApiKey.BROKER_HEARTBEAT, "BrokerHeartbeat", 0, 1, 0, _CONTROLLER, served=True),
        _api(ApiKey.UNREGISTER_BROKER, "UnregisterBroker", 0, 0, 0, _BOTH, served=True),
        _api(ApiKey.DESCRIBE_TRANSACTIONS, "DescribeTransactions", 0, 0, 0, _BROKER),
        _api(ApiKey.LIST_TRANSACTIONS, "ListTransactions", 0, 2, 0, _BROKER),
        _api(ApiKey.ALLOCATE_PRODUCER_IDS, "AllocateProducerIds", 0, 0, 0, _CONTROLLER, served=True),
        _api(ApiKey.CONSUMER_GROUP_HEARTBEAT, "ConsumerGroupHeartbeat", 0, 1, 0, _BROKER),
        _api(ApiKey.CONSUMER_GROUP_DESCRIBE, "ConsumerGroupDescribe", 0, 1, 0, _BROKER),
        _api(ApiKey.CONTROLLER_REGISTRATION, "ControllerRegistration", 0, 0, 0, _CONTROLLER, served=True),
        _api(
            ApiKey.GET_TELEMETRY_SUBSCRIPTIONS,
            "GetTelemetrySubscriptions",
            0,
            0,
            0,
            _BROKER,
            served=True,
            is_advertised=False,
        ),
        _api(ApiKey.PUSH_TELEMETRY, "PushTelemetry", 0, 0, 0, _BROKER, served=True, is_advertised=False),
        _api(ApiKey.ASSIGN_REPLICAS_TO_DIRS, "AssignReplicasToDirs", 0, 0, 0, _CONTROLLER, served=True),
        _api(ApiKey.LIST_CONFIG_RESOURCES, "ListConfigResources", 0, 1, 0, _BROKER, served=True),
        _api(ApiKey.DESCRIBE_TOPIC_PARTITIONS, "DescribeTopicPartitions", 0, 0, 0, _BROKER, served=True),
        _api(ApiKey.SHARE_GROUP_HEARTBEAT, "ShareGroupHeartbeat", 1, 1, 0, _BROKER),
        _api(ApiKey.SHARE_GROUP_DESCRIBE, "ShareGroupDescribe", 1, 1, 0, _BROKER),
        _api(ApiKey.SHARE_FETCH, "ShareFetch", 1, 1, 0, _BROKER),
        _api(ApiKey.SHARE_ACKNOWLEDGE, "ShareAcknowledge", 1, 1, 0, _BROKER),
        _api(ApiKey.ADD_RAFT_VOTER, "AddRaftVoter", 0, 0, 0, _BOTH, served=True),
        _api(ApiKey.REMOVE_RAFT_VOTER, "RemoveRaftVoter", 0, 0, 0, _BOTH, served=True),
        _api(ApiKey.UPDATE_RAFT_VOTER, "UpdateRaftVoter", 0, 0, 0, _CONTROLLER, served=True),
        _api(ApiKey.INITIALIZE_SHARE_GROUP_STATE, "InitializeShareGroupState", 0, 0, 0, _BROKER),
        _api(ApiKey.READ_SHARE_GROUP_STATE, "ReadShareGroupState", 0, 0, 0, _BROKER),
        _api(ApiKey.WRITE_SHARE_GROUP_STATE, "WriteShareGroupState", 0, 0, 0, _BROKER),
        _api(ApiKey.DELETE_SHARE_GROUP_STATE, "DeleteShareGroupState", 0, 0, 0, _BROKER),
        _api(ApiKey.READ_SHARE_GROUP_STATE_SUMMARY, "ReadShareGroupStateSummary", 0, 0, 0, _BROKER),
        _api(ApiKey.STREAMS_GROUP_HEARTBEAT, "StreamsGroupHeartbeat", 0, -1, 0, _BROKER),
        _api(ApiKey.STREAMS_GROUP_DESCRIBE, "StreamsGroupDescribe", 0, -1, 0, _BROKER),
        _api(ApiKey.DESCRIBE_SHARE_GROUP_OFFSETS, "DescribeShareGroupOffsets", 0, 0, 0, _BROKER),
        _api(ApiKey.ALTER_SHARE_GROUP_OFFSETS, "AlterShareGroupOffsets", 0, 0, 0, _BROKER),
        _api(ApiKey.DELETE_SHARE_GROUP_OFFSETS, "DeleteShareGroupOffsets", 0, 0, 0, _BROKER),
    )
}
"""Every API of 4.1.1 by its number."""


ASKED_ONLY = frozenset({ApiKey.CONSUMER_GROUP_DESCRIBE})
"""APIs that are not served, and that the tools ask other brokers for."""


@cache
def request_class(key: int) -> type[Any]:
    """Return the request class of an API.

    Raises LookupError for one that is neither served nor in ASKED_ONLY.
    """
    return _message_class(key, "Request")


@cache
def response_class(key: int) -> type[Any]:
    """Return the response class of an API.

    Raises LookupError for one that is neither served nor in ASKED_ONLY.
    """
    return _message_class(key, "Response")


def _message_class(key: int, kind: str) -> type[Any]:
    api = APIS.get(key)
    if api is None or not (api.served or api.key in ASKED_ONLY):
        raise LookupError(f"API {key} is not served")
    module = importlib.import_module(f"{MESSAGES_PACKAGE}.{api.module}")
    found: type[Any] = getattr(module, f"{api.name}{kind}")
    return found
