"""A broker of Apache Kafka that wants to join: it reads the metadata log as an observer, and is refused clearly."""

from __future__ import annotations

from pathlib import Path

import pytest

from ottla.protocol.api import ApiKey
from ottla.protocol.messages.describe_cluster import DescribeClusterRequest
from ottla.protocol.messages.describe_quorum import (
    DescribeQuorumPartition,
    DescribeQuorumRequest,
    DescribeQuorumTopic,
)
from tests.peers.kafka_broker import other_node_command
from tests.support.broker_process import BrokerSettings, start_ottla
from tests.support.ports import free_port
from tests.support.processes import FollowedProcess
from tests.support.raw_client import RawClient
from tests.support.waiting import eventually

pytestmark = pytest.mark.java

OBSERVER_ID = 2
CONTACT_TIMEOUT_S = 60.0
QUORUM = DescribeQuorumRequest(
    topics=[
        DescribeQuorumTopic(
            topic_name="__cluster_metadata", partitions=[DescribeQuorumPartition(partition_index=0)]
        )
    ]
)


@pytest.mark.parametrize("bytes_between_snapshots", ["20971520", "1"])
def test_it_follows_the_log_and_is_not_let_in(
    kafka_jars: Path, tmp_path: Path, bytes_between_snapshots: str
) -> None:
    properties = {"metadata.log.max.record.bytes.between.snapshots": bytes_between_snapshots}
    ottla = start_ottla(BrokerSettings(tmp_path / "data", tmp_path / "ottla", properties=properties))
    with RawClient(ottla.port) as client:
        cluster_id = client.ask(ApiKey.DESCRIBE_CLUSTER, 2, DescribeClusterRequest()).cluster_id
    command = other_node_command(
        tmp_path / "other",
        cluster_id,
        {
            "process.roles": "broker",
            "node.id": str(OBSERVER_ID),
            "controller.quorum.voters": f"1@localhost:{ottla.controller_port}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://localhost:{free_port()}",
            "initial.broker.registration.timeout.ms": "20000",
        },
    )
    other = FollowedProcess(command, tmp_path / "other.log")
    other.start()
    try:
        assert ottla.child is not None
        line = ottla.child.wait_for_line("Refused the registration of broker 2", CONTACT_TIMEOUT_S)
        assert "this cluster has one node only; brokers of other nodes are not supported" in line
        other.wait_for_line("INVALID_REGISTRATION", CONTACT_TIMEOUT_S)

        def has_caught_up() -> bool:
            with RawClient(ottla.controller_port) as client:
                (partition,) = client.ask(ApiKey.DESCRIBE_QUORUM, 2, QUORUM).topics[0].partitions
            ends = {each.replica_id: each.log_end_offset for each in partition.observers}
            return ends.get(OBSERVER_ID) == partition.high_watermark

        eventually(has_caught_up)
    finally:
        other.process.kill()
        other.end(CONTACT_TIMEOUT_S)
        ottla.stop()
