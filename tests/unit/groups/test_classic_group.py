"""A group's members, leader, protocol and records."""

from __future__ import annotations

import pytest

from ottla.completion import Completion
from ottla.errors import ErrorCode, KafkaError
from ottla.groups.classic_group import ClassicGroup, ClassicMember, GroupState
from ottla.groups.records import GroupMetadataValue, MemberMetadata


def member(
    member_id: str, *protocols: str, instance: str | None = None, timeout_ms: int = 60_000
) -> ClassicMember:
    return ClassicMember(
        member_id=member_id,
        group_instance_id=instance,
        client_id="client",
        client_host="/127.0.0.1",
        rebalance_timeout_ms=timeout_ms,
        session_timeout_ms=10_000,
        protocols=[(name, name.encode()) for name in protocols or ("range",)],
    )


def group_of(*members: ClassicMember) -> ClassicGroup:
    group = ClassicGroup("g")
    for each in members:
        group.add(each, Completion(), "consumer")
    return group


# The choices that Apache Kafka 4.1.1 made for two members whose favourites were opposite.
@pytest.mark.parametrize(
    ("first", "second", "chosen"),
    [
        ("range", "roundrobin", "range"),
        ("range", "sticky", "sticky"),
        ("roundrobin", "sticky", "sticky"),
        ("cooperative-sticky", "range", "range"),
        ("cooperative-sticky", "roundrobin", "roundrobin"),
        ("cooperative-sticky", "sticky", "sticky"),
    ],
)
def test_a_tied_vote_ends_as_in_kafka(first: str, second: str, chosen: str) -> None:
    assert group_of(member("a", first, second), member("b", second, first)).select_protocol() == chosen


def test_a_vote_counts_only_what_all_know() -> None:
    group = group_of(member("a", "x", "range"), member("b", "range"), member("c", "range", "x"))
    assert group.select_protocol() == "range"


def test_a_protocol_that_a_member_names_twice_counts_once() -> None:
    group = group_of(member("a", "range", "range"))
    assert group.select_protocol() == "range"
    group.update(group.members["a"], [("x", b""), ("x", b""), ("range", b"")])
    group.add(member("b", "range"), Completion(), "consumer")
    assert group.select_protocol() == "range"
    group.remove("a")
    assert group.select_protocol() == "range"


def test_the_first_member_leads_and_the_next_one_after_it() -> None:
    group = group_of(member("a"), member("b"))
    assert group.leader_id == "a"
    group.remove("a")
    assert group.leader_id == "b"
    group.remove("b")
    assert group.leader_id is None


def test_a_leader_that_did_not_join_hands_over_to_one_that_did() -> None:
    group = group_of(member("a"), member("b"), member("c"))
    for each in ("a", "b"):
        group.take_parked_join(group.members[each])
    assert group.elect_joined_leader()
    assert group.leader_id == "c"
    group.take_parked_join(group.members["c"])
    assert not group.elect_joined_leader()


def test_counts_follow_members_that_come_change_and_go() -> None:
    group = group_of(member("a", "range", "sticky"), member("b", "range"))
    group.state = GroupState.PREPARING_REBALANCE
    assert group.all_have_joined
    assert group.accepts("consumer", [("range", b"")])
    assert not group.accepts("consumer", [("sticky", b"")])
    group.update(group.members["b"], [("sticky", b"")])
    assert group.accepts("consumer", [("sticky", b"")])
    group.remove("b")
    assert group.accepts("consumer", [("range", b""), ("x", b"")])
    assert not group.accepts("connect", [("range", b"")])
    assert group.awaiting_join == 1


def test_an_id_that_was_handed_out_keeps_the_group_waiting() -> None:
    group = group_of(member("a"))
    group.pending_members.add("b")
    assert not group.all_have_joined
    group.remove("b")
    assert group.all_have_joined


def test_the_rebalance_timeout_is_the_longest_of_all() -> None:
    assert ClassicGroup("g").rebalance_timeout_ms == 0
    assert group_of(member("a", timeout_ms=5), member("b", timeout_ms=7)).rebalance_timeout_ms == 7


def test_members_are_known_by_id_and_static_ones_also_by_name() -> None:
    group = group_of(member("a", instance="i"), member("b"))
    assert group.require_member("a", "i").member_id == "a"
    assert group.require_member("a", None).member_id == "a"
    for member_id, instance, code in [
        ("b", "i", ErrorCode.FENCED_INSTANCE_ID),
        ("b", "j", ErrorCode.UNKNOWN_MEMBER_ID),
        ("z", None, ErrorCode.UNKNOWN_MEMBER_ID),
    ]:
        with pytest.raises(KafkaError) as raised:
            group.require_member(member_id, instance)
        assert raised.value.code is code


def test_a_static_member_keeps_everything_but_its_id() -> None:
    group = group_of(member("a", instance="i"), member("b"))
    group.rename(group.members["a"], "c")
    assert (group.leader_id, group.static_members, sorted(group.members)) == ("c", {"i": "c"}, ["b", "c"])


def stored(generation: int, *members: str) -> GroupMetadataValue:
    return GroupMetadataValue(
        protocol_type="consumer",
        generation=generation,
        protocol="range" if members else None,
        leader=members[0] if members else None,
        current_state_timestamp=7,
        members=[
            MemberMetadata(
                member_id=each,
                group_instance_id=f"i-{each}",
                client_id="c",
                client_host="/h",
                rebalance_timeout=-1,
                session_timeout=9_000,
                subscription=b"\x00\x00\x00\x00\x00\x01\x00\x01t",
                assignment=b"plan",
            )
            for each in members
        ],
    )


def test_a_record_makes_a_stable_group_and_an_empty_one() -> None:
    group = ClassicGroup("g")
    group.load(stored(3, "a", "b"))
    assert (group.state, group.generation_id, group.leader_id) == (GroupState.STABLE, 3, "a")
    assert group.members["b"].assignment == b"plan"
    assert group.members["b"].rebalance_timeout_ms == 9_000
    assert group.static_members == {"i-a": "a", "i-b": "b"}
    assert group.topics is None, "the subscription is cut short"
    group.load(stored(4))
    assert (group.state, group.members, group.topics) == (GroupState.EMPTY, {}, frozenset())


def test_a_group_writes_what_it_was_loaded_from() -> None:
    group = ClassicGroup("g")
    group.load(stored(3, "a", "b"))
    expected = stored(3, "a", "b")
    for each in expected.members:
        each.rebalance_timeout = 9_000
    assert group.to_record({"a": b"plan", "b": b"plan"}) == expected


def test_subscriptions_are_read_only_of_consumers() -> None:
    subscription = b"\x00\x01\x00\x00\x00\x01\x00\x01t\xff\xff\xff\xff\x00\x00\x00\x00"
    group = ClassicGroup("g", protocol_type="consumer", protocol_name="range")
    group.members["a"] = member("a")
    group.members["a"].protocols = [("range", subscription)]
    assert group.read_subscriptions() == {"t"}
    group.protocol_type = "connect"
    assert group.read_subscriptions() is None
    assert not group.subscribes_to("t")


def test_only_a_parked_request_of_a_member_that_knows_its_id_stands_for_heartbeats() -> None:
    waiting = member("a")
    assert not waiting.may_not_expire
    waiting.parked_sync = Completion()
    assert waiting.may_not_expire
    waiting.is_new = True
    assert not waiting.may_not_expire
