"""Shares are whole, even, and stay where they are as far as they can."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ottla.client.assignors import (
    COOPERATIVE,
    EAGER,
    Assignment,
    Member,
    assign,
    decode_sticky_user_data,
    encode_user_data,
    rebalance_protocol,
)
from ottla.types import TopicPartition


def _numbers(assignment: Assignment) -> dict[str, list[str]]:
    return {member_id: list(map(str, partitions)) for member_id, partitions in assignment.items()}


def test_range_gives_each_member_a_range_of_each_topic() -> None:
    members = {"c1": Member(("t0", "t1")), "c0": Member(("t0", "t1"))}
    assert _numbers(assign("range", members, {"t0": 3, "t1": 3})) == {
        "c0": ["t0-0", "t0-1", "t1-0", "t1-1"],
        "c1": ["t0-2", "t1-2"],
    }


def test_static_members_come_first_by_their_names() -> None:
    members = {"a": Member(("t",)), "z": Member(("t",), "static-2"), "y": Member(("t",), "static-1")}
    assert _numbers(assign("range", members, {"t": 4})) == {"y": ["t-0", "t-1"], "z": ["t-2"], "a": ["t-3"]}


def test_round_robin_deals_over_topics_and_passes_over_who_does_not_subscribe() -> None:
    members = {"c0": Member(("t0",)), "c1": Member(("t0", "t1")), "c2": Member(("t0", "t1", "t2"))}
    # The example of Kafka's RoundRobinAssignor.
    assert _numbers(assign("roundrobin", members, {"t0": 1, "t1": 2, "t2": 3})) == {
        "c0": ["t0-0"],
        "c1": ["t1-0"],
        "c2": ["t1-1", "t2-0", "t2-1", "t2-2"],
    }


def test_sticky_moves_only_what_it_must() -> None:
    owned = [TopicPartition("t", number) for number in range(4)]
    members = {"old": Member(("t",), None, owned, 1), "new": Member(("t",))}
    shared = assign("sticky", members, {"t": 4})
    assert sorted(map(len, shared.values())) == [2, 2]
    assert set(shared["old"]) < set(owned)


def test_a_partition_that_two_claim_goes_to_the_later_generation() -> None:
    claimed = [TopicPartition("t", 0), TopicPartition("t", 1)]
    members = {"a": Member(("t",), None, claimed, 3), "b": Member(("t",), None, claimed[:1], 4)}
    assert _numbers(assign("sticky", members, {"t": 2})) == {"a": ["t-1"], "b": ["t-0"]}


def test_cooperative_sticky_keeps_back_what_is_still_held() -> None:
    owned = [TopicPartition("t", number) for number in range(4)]
    members = {"old": Member(("t",), None, owned, 1), "new": Member(("t",))}
    first = assign("cooperative-sticky", members, {"t": 4})
    assert first["new"] == []
    assert len(first["old"]) == 2
    members["old"] = Member(("t",), None, first["old"], 2)
    second = assign("cooperative-sticky", members, {"t": 4})
    assert sorted(second["old"] + second["new"]) == owned
    assert second["old"] == first["old"]


topics = st.sampled_from(["a", "b", "c"])
groups = st.dictionaries(
    st.text("xyz", min_size=1, max_size=3), st.sets(topics, min_size=1), min_size=1, max_size=6
)
counts = st.dictionaries(topics, st.integers(1, 9))


@given(groups, counts, st.sampled_from(["range", "roundrobin", "sticky", "cooperative-sticky"]))
def test_every_partition_goes_to_one_subscriber(
    group: dict[str, set[str]], partitions: dict[str, int], name: str
) -> None:
    members = {member_id: Member(tuple(wanted)) for member_id, wanted in group.items()}
    shared = assign(name, members, partitions)
    wanted = {topic for each in group.values() for topic in each}
    expected = [
        TopicPartition(t, n) for t in sorted(wanted & partitions.keys()) for n in range(partitions[t])
    ]
    assert sorted(partition for given in shared.values() for partition in given) == expected
    assert all(
        partition.topic in group[member_id] for member_id, given in shared.items() for partition in given
    )


@given(groups, counts, st.data())
def test_sticky_leaves_nobody_two_short_of_a_giver_and_is_stable(
    group: dict[str, set[str]], partitions: dict[str, int], drawn: Any
) -> None:
    members = {member_id: Member(tuple(wanted)) for member_id, wanted in group.items()}
    before = assign("sticky", members, partitions)
    gone = drawn.draw(st.sampled_from(sorted(members)))
    left = {
        member_id: Member(member.topics, None, before[member_id], 1)
        for member_id, member in members.items()
        if member_id != gone or len(members) == 1
    }
    after = assign("sticky", left, partitions)
    for given_to in after.values():
        for partition in given_to:
            for taker, member in left.items():
                if partition.topic in member.topics:
                    assert len(after[taker]) + 1 >= len(given_to)
    again = {member_id: Member(left[member_id].topics, None, after[member_id], 2) for member_id in left}
    assert assign("sticky", again, partitions) == after


def test_only_cooperative_assignors_make_a_cooperative_member() -> None:
    assert rebalance_protocol(["cooperative-sticky"]) == COOPERATIVE
    assert rebalance_protocol(["range", "cooperative-sticky"]) == EAGER


def test_sticky_user_data_comes_back() -> None:
    owned = [TopicPartition("a", 1), TopicPartition("a", 2), TopicPartition("b", 0)]
    assert decode_sticky_user_data(encode_user_data("sticky", owned, 5)) == (owned, 5)
    assert encode_user_data("cooperative-sticky", owned, 5) == b"\0\0\0\5"
    assert encode_user_data("range", owned, 5) is None


@pytest.mark.parametrize("content", [None, b"", b"\0", b"\0\0\0\1\0\5ab", b"\xff\xff\xff\xff"])
def test_user_data_that_means_nothing_claims_nothing(content: bytes | None) -> None:
    assert decode_sticky_user_data(content) == ([], -1)
