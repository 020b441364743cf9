"""Every form of the group APIs' answers, field by field what Apache Kafka 4.1.1 answers.

One conversation over a plain connection; the text beside this file has what Kafka said. `--broker=kafka` proves it, and
OTTLA_REWRITE_ANSWERS=1 with it writes it anew. Ids and ports are left out, and lists whose order follows from Java's
hash maps are sorted.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ottla.protocol.api import ApiKey, request_class
from ottla.protocol.messages.create_topics import CreatableTopic
from ottla.protocol.messages.join_group import JoinGroupRequestProtocol
from ottla.protocol.messages.leave_group import MemberIdentity
from ottla.protocol.messages.offset_commit import OffsetCommitRequestPartition, OffsetCommitRequestTopic
from ottla.protocol.messages.offset_delete import OffsetDeleteRequestPartition, OffsetDeleteRequestTopic
from ottla.protocol.messages.offset_fetch import (
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopic,
    OffsetFetchRequestTopics,
)
from ottla.protocol.messages.sync_group import SyncGroupRequestAssignment
from ottla.wire.schema import Shape, schema_of
from tests.support.broker_process import RunningBroker
from tests.support.raw_client import RawClient
from tests.support.waiting import eventually

BROKER_PROPERTIES = {"group.initial.rebalance.delay.ms": "100", "group.max.session.timeout.ms": "60000"}
EXPECTED = Path(__file__).with_suffix(".txt")
SUBSCRIPTION = b"\x00\x00\x00\x00\x00\x01\x00\x01t\xff\xff\xff\xff"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Conversation:
    """Asks, and writes down what was answered."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.client = RawClient(port)
        self.lines: list[str] = []

    def ask(self, words: str, api_key: ApiKey, *versions: int, **fields: Any) -> Any:
        """Ask in each version, and return the last answer."""
        answer: Any = None
        for version in versions:
            answer = self.client.ask(api_key, version, request_class(api_key)(**fields))
            self.lines.append(f"{words}, {api_key.name} v{version}: {self._text(answer)}")
        return answer

    def _text(self, answer: Any) -> str:
        text = _differences(answer) or "nothing but defaults"
        return UUID.sub("UUID", text).replace(f"port={self.port}", "port=PORT")


def _differences(message: Any) -> str:
    """Return the fields of a message that are not at their default, in words."""
    words = []
    defaults = type(message)()
    for item in schema_of(type(message)).fields:
        value = getattr(message, item.name)
        if value == getattr(defaults, item.name):
            continue
        if item.shape is Shape.ARRAY and isinstance(item.element, type):
            parts = [_differences(element) for element in value]
            if item.name in {"groups", "results"}:
                parts.sort()  # in Kafka these follow the buckets of a hash map
            words.append(f"{item.name}=[{'; '.join(parts)}]")
        else:
            words.append(f"{item.name}={value!r}")
    return " ".join(words)


def commit_to(topics: dict[str, list[int]]) -> list[OffsetCommitRequestTopic]:
    return [
        OffsetCommitRequestTopic(
            name=name,
            partitions=[
                OffsetCommitRequestPartition(
                    partition_index=index,
                    committed_offset=5 + index,
                    committed_leader_epoch=3,
                    committed_metadata="note" if index == 0 else None,
                )
                for index in indexes
            ],
        )
        for name, indexes in topics.items()
    ]


JOIN = {
    "group_id": "g",
    "session_timeout_ms": 10_000,
    "rebalance_timeout_ms": 10_000,
    "member_id": "",
    "protocol_type": "consumer",
    "protocols": [JoinGroupRequestProtocol(name="range", metadata=SUBSCRIPTION)],
}


def before_the_offsets_topic(talk: Conversation) -> None:
    talk.ask("no coordinator yet", ApiKey.DESCRIBE_GROUPS, 5, 6, groups=["x"])
    talk.ask("no coordinator yet", ApiKey.LIST_GROUPS, 5)
    topic = OffsetFetchRequestTopic(name="t", partition_indexes=[0])
    group = OffsetFetchRequestGroup(group_id="g", topics=None)
    talk.ask(
        "no coordinator yet",
        ApiKey.OFFSET_FETCH,
        1,
        2,
        9,
        group_id="g",
        topics=[topic],
        groups=[group],
        require_stable=True,
    )
    talk.ask("no coordinator yet", ApiKey.HEARTBEAT, 4, group_id="g", generation_id=1, member_id="m")
    talk.ask("no coordinator yet", ApiKey.JOIN_GROUP, 5, 9, **JOIN)
    talk.ask("the first", ApiKey.FIND_COORDINATOR, 3, key="g")


def find_coordinator(talk: Conversation) -> None:
    request = request_class(ApiKey.FIND_COORDINATOR)(key="g")
    eventually(lambda: talk.client.ask(ApiKey.FIND_COORDINATOR, 3, request).error_code == 0)
    keys = {"key": "g", "coordinator_keys": ["g", "h"]}
    talk.ask("a group", ApiKey.FIND_COORDINATOR, 0, 1, 3, 4, 6, **keys)
    talk.ask("a share group", ApiKey.FIND_COORDINATOR, 3, 4, 6, key_type=2, **keys)


def join_refusals(talk: Conversation) -> None:
    for words, fields in {
        "no group id": {"group_id": ""},
        "a short session": {"session_timeout_ms": 1},
        "an unknown id": {"member_id": "unknown"},
        "no protocols": {"group_id": "np", "protocols": []},
    }.items():
        talk.ask(words, ApiKey.JOIN_GROUP, 0, 5, 7, 9, **{**JOIN, **fields})
    talk.ask("one group", ApiKey.LIST_GROUPS, 0, 4, 5)
    talk.ask("no id", ApiKey.JOIN_GROUP, 4, 6, **JOIN)


def a_member(talk: Conversation) -> str:
    member_id: str = talk.ask("no id", ApiKey.JOIN_GROUP, 9, **JOIN).member_id
    joined = talk.ask("the id that was handed out", ApiKey.JOIN_GROUP, 9, **{**JOIN, "member_id": member_id})
    assert joined.member_id == member_id
    talk.ask("the same again", ApiKey.JOIN_GROUP, 4, 9, **{**JOIN, "member_id": member_id})
    talk.ask("completing", ApiKey.DESCRIBE_GROUPS, 6, groups=["g"], include_authorized_operations=True)
    talk.ask("an unknown id", ApiKey.JOIN_GROUP, 6, 9, **{**JOIN, "member_id": "unknown"})
    talk.ask("another type", ApiKey.JOIN_GROUP, 6, 9, **{**JOIN, "protocol_type": "x"})
    mine = {"group_id": "g", "member_id": member_id}
    commit = {"topics": commit_to({"t": [0, 7], "nope": [0]}), "generation_id_or_member_epoch": 1}
    talk.ask("completing", ApiKey.OFFSET_COMMIT, 9, **mine, **commit)
    named = {"protocol_type": "consumer", "protocol_name": "range"}
    plan = [SyncGroupRequestAssignment(member_id=member_id, assignment=b"abc")]
    talk.ask("a wrong generation", ApiKey.SYNC_GROUP, 3, 5, generation_id=5, **mine, **named)
    talk.ask("no protocol", ApiKey.SYNC_GROUP, 5, generation_id=1, **mine)
    talk.ask("the plan", ApiKey.SYNC_GROUP, 5, generation_id=1, assignments=plan, **mine, **named)
    talk.ask("again", ApiKey.SYNC_GROUP, 3, generation_id=1, **mine)
    talk.ask("alive", ApiKey.HEARTBEAT, 4, generation_id=1, **mine)
    talk.ask("a wrong generation", ApiKey.HEARTBEAT, 4, generation_id=2, **mine)
    every = {"groups": ["g", "missing", "np", ""], "include_authorized_operations": True}
    talk.ask("a stable group", ApiKey.DESCRIBE_GROUPS, 0, 3, 5, 6, **every)
    return member_id


def offsets(talk: Conversation, member_id: str) -> None:
    mine = {"group_id": "g", "member_id": member_id, "generation_id_or_member_epoch": 1}
    talk.ask("a member", ApiKey.OFFSET_COMMIT, 9, topics=commit_to({"t": [0, 7, 1]}), **mine)
    one = {"topics": commit_to({"t": [0]})}
    talk.ask("from outside", ApiKey.OFFSET_COMMIT, 2, group_id="simple", retention_time_ms=100_000, **one)
    talk.ask("an empty id", ApiKey.OFFSET_COMMIT, 9, group_id="", **one)
    talk.ask("a missing group", ApiKey.OFFSET_COMMIT, 8, 9, **{**mine, "group_id": "missing"}, **one)
    asked = [OffsetFetchRequestTopics(name=name, partition_indexes=[0, 1]) for name in ("t", "nope")]
    groups = [
        OffsetFetchRequestGroup(group_id="g", topics=None),
        OffsetFetchRequestGroup(group_id="simple", topics=asked),
        OffsetFetchRequestGroup(group_id="missing", topics=asked),
    ]
    talk.ask("many groups", ApiKey.OFFSET_FETCH, 8, 9, groups=groups, require_stable=True)
    asked_once = [OffsetFetchRequestTopic(name="t", partition_indexes=[0, 1, 5])]
    talk.ask("one group", ApiKey.OFFSET_FETCH, 1, 2, 5, 7, group_id="g", topics=asked_once)
    talk.ask("all of one group", ApiKey.OFFSET_FETCH, 7, group_id="g", topics=None)
    zero, nine = (OffsetDeleteRequestPartition(partition_index=index) for index in (0, 9))
    topics = [
        OffsetDeleteRequestTopic(name="t", partitions=[zero, nine]),
        OffsetDeleteRequestTopic(name="nope", partitions=[zero]),
    ]
    for group_id in ("g", "simple", "missing", ""):
        talk.ask(f"group {group_id!r}", ApiKey.OFFSET_DELETE, 0, group_id=group_id, topics=topics)


def lists_and_deletions(talk: Conversation) -> None:
    talk.ask("all", ApiKey.LIST_GROUPS, 0, 4, 5)
    talk.ask("filtered", ApiKey.LIST_GROUPS, 5, states_filter=["stable "], types_filter=["CLASSIC"])
    talk.ask("filtered away", ApiKey.LIST_GROUPS, 5, types_filter=["bogus"])
    talk.ask("some", ApiKey.DELETE_GROUPS, 2, groups_names=["g", "missing", "missing", "simple", ""])


def leaving(talk: Conversation, member_id: str) -> None:
    unknown = [MemberIdentity(member_id="x"), MemberIdentity(member_id="", group_instance_id="i")]
    for group_id in ("missing", "g", ""):
        words = f"strangers to {group_id!r}"
        talk.ask(words, ApiKey.LEAVE_GROUP, 0, 2, 3, 5, group_id=group_id, member_id="x", members=unknown)
    mine = [MemberIdentity(member_id=member_id, reason="done")]
    talk.ask("a member", ApiKey.LEAVE_GROUP, 5, group_id="g", members=mine)
    talk.ask("left alone", ApiKey.DESCRIBE_GROUPS, 6, groups=["g"])


def static_members(talk: Conversation) -> None:
    static = {**JOIN, "group_id": "s", "group_instance_id": "inst"}
    first = talk.ask("a static member", ApiKey.JOIN_GROUP, 9, **static).member_id
    named = {"group_id": "s", "group_instance_id": "inst", "generation_id": 1}
    plan = [SyncGroupRequestAssignment(member_id=first, assignment=b"abc")]
    talk.ask("a static member", ApiKey.SYNC_GROUP, 4, member_id=first, assignments=plan, **named)
    talk.ask("back without an id", ApiKey.JOIN_GROUP, 9, 8, 5, **static)
    talk.ask("the old id", ApiKey.JOIN_GROUP, 5, 6, 9, **{**static, "member_id": first})
    talk.ask("the old id", ApiKey.HEARTBEAT, 4, member_id=first, **named)
    talk.ask("the old id", ApiKey.SYNC_GROUP, 4, member_id=first, **named)
    old = {"group_id": "s", "member_id": first, "group_instance_id": "inst"}
    topics = commit_to({"t": [0]})
    talk.ask("the old id", ApiKey.OFFSET_COMMIT, 9, generation_id_or_member_epoch=1, topics=topics, **old)
    members = [MemberIdentity(member_id=first, group_instance_id="inst")]
    talk.ask("the old id", ApiKey.LEAVE_GROUP, 5, group_id="s", members=members)
    members = [MemberIdentity(member_id="", group_instance_id="inst")]
    talk.ask("by name", ApiKey.LEAVE_GROUP, 5, group_id="s", members=members)
    pending = talk.ask("no id", ApiKey.JOIN_GROUP, 9, **{**JOIN, "group_id": "pi"}).member_id
    wrong = {**JOIN, "group_id": "pi", "member_id": pending, "group_instance_id": "k"}
    talk.ask("a handed out id with a name", ApiKey.JOIN_GROUP, 9, **wrong)


@pytest.fixture
def talk(broker: RunningBroker) -> Iterator[Conversation]:
    conversation = Conversation(broker.port)
    yield conversation
    conversation.client.close()


def test_every_answer_is_kafkas(talk: Conversation, broker_kind: str) -> None:
    before_the_offsets_topic(talk)
    find_coordinator(talk)
    topic = CreatableTopic(name="t", num_partitions=2, replication_factor=1)
    create = request_class(ApiKey.CREATE_TOPICS)(topics=[topic], timeout_ms=10_000)
    assert talk.client.ask(ApiKey.CREATE_TOPICS, 7, create).topics[0].error_code == 0
    request = request_class(ApiKey.OFFSET_COMMIT)(group_id="probe", topics=commit_to({"t": [0, 1]}))

    def partitions_are_known() -> bool:
        (answer,) = talk.client.ask(ApiKey.OFFSET_COMMIT, 9, request).topics
        return all(partition.error_code == 0 for partition in answer.partitions)

    eventually(partitions_are_known)
    talk.client.ask(ApiKey.DELETE_GROUPS, 2, request_class(ApiKey.DELETE_GROUPS)(groups_names=["probe"]))
    join_refusals(talk)
    member_id = a_member(talk)
    offsets(talk, member_id)
    lists_and_deletions(talk)
    leaving(talk, member_id)
    static_members(talk)
    if broker_kind == "kafka" and os.environ.get("OTTLA_REWRITE_ANSWERS"):
        EXPECTED.write_text("".join(f"{line}\n" for line in talk.lines), encoding="utf-8")
    assert talk.lines == EXPECTED.read_text(encoding="utf-8").splitlines()
