from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.handlers.quorum_support import CLUSTER_ID, NODE_ID, OTHER_ID, QuorumNode, with_quorum

from ottla.errors import ErrorCode
from ottla.metadata.aspects.features import SUPPORTED_FEATURES
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.broker_registration import BrokerRegistrationRequest, RegisteredFeature
from ottla.types import ZERO_UUID, Uuid

ELSEWHERE = Uuid(b"elsewhere-------")


def features(**ranges: tuple[int, int]) -> list[RegisteredFeature]:
    known = {each.name: (each.minimum, each.maximum) for each in SUPPORTED_FEATURES}
    known |= {name.replace("_", "."): each for name, each in ranges.items()}
    return [
        RegisteredFeature(name=name, min_supported_version=lowest, max_supported_version=highest)
        for name, (lowest, highest) in known.items()
    ]


def registration(**fields: Any) -> BrokerRegistrationRequest:
    return BrokerRegistrationRequest(
        **{
            "broker_id": OTHER_ID,
            "cluster_id": CLUSTER_ID,
            "incarnation_id": ELSEWHERE,
            "features": features(),
            "log_dirs": [ELSEWHERE],
            **fields,
        }
    )


@pytest.mark.parametrize(
    ("request_", "code", "reason"),
    [
        (registration(), ErrorCode.INVALID_REGISTRATION, "this cluster has one node only"),
        (
            registration(cluster_id="another"),
            ErrorCode.INCONSISTENT_CLUSTER_ID,
            f"Expected cluster ID {CLUSTER_ID}, but got cluster ID another",
        ),
        (registration(broker_id=NODE_ID), ErrorCode.DUPLICATE_BROKER_REGISTRATION, "has that id itself"),
        (registration(is_migrating_zk_broker=True), ErrorCode.BROKER_ID_NOT_REGISTERED, "ZK brokers"),
        (registration(log_dirs=[]), ErrorCode.INVALID_REGISTRATION, "No directories specified in request"),
        (registration(log_dirs=[ZERO_UUID]), ErrorCode.INVALID_REGISTRATION, "Reserved directory ID"),
        (registration(log_dirs=[ELSEWHERE] * 2), ErrorCode.INVALID_REGISTRATION, "Duplicate directory ID"),
        (
            registration(features=features(metadata_version=(7, 26))),
            ErrorCode.UNSUPPORTED_VERSION,
            "does not support finalized version 27 of metadata.version. The broker wants a version between 7 and 26",
        ),
        (
            registration(features=features()[:3]),
            ErrorCode.INVALID_REGISTRATION,
            "do not contain 'metadata.version'",
        ),
        (
            registration(features=[each for each in features() if each.name != "group.version"]),
            ErrorCode.UNSUPPORTED_VERSION,
            "finalized version 1 of group.version",
        ),
    ],
)
def test_a_broker_is_refused_with_the_reason_in_the_log(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    request_: BrokerRegistrationRequest,
    code: ErrorCode,
    reason: str,
) -> None:
    async def main(started: QuorumNode) -> None:
        answer = await started.ask(ApiKey.BROKER_REGISTRATION, 4, request_)
        assert (answer.error_code, answer.broker_epoch) == (code, -1)
        assert list(started.node.image.brokers.by_id) == [NODE_ID]

    with_quorum(tmp_path, main)
    (line,) = [
        each.getMessage() for each in caplog.records if "Refused the registration" in each.getMessage()
    ]
    assert f"broker {request_.broker_id} from /127.0.0.1" in line
    assert reason in line


def test_a_directory_of_this_node_is_no_other_nodes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def main(started: QuorumNode) -> None:
        request = registration(log_dirs=[started.quorum.directory_id])
        answer = await started.ask(ApiKey.BROKER_REGISTRATION, 4, request)
        assert answer.error_code == ErrorCode.INVALID_REGISTRATION

    with_quorum(tmp_path, main)
    assert "Broker 1 is already registered with one of the directories" in caplog.text
