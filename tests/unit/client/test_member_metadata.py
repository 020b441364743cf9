"""What members and their leader tell each other comes through, and what means nothing asks for nothing."""

from typing import Any

import pytest

from ottla.client.assignors import Member
from ottla.client.failures import ApiError
from ottla.client.member_metadata import (
    decode_assignment,
    encode_assignment,
    encode_subscription,
    read_member,
)
from ottla.protocol.messages.join_group import JoinGroupResponseMember
from ottla.types import TopicPartition

A, B = TopicPartition("a", 0), TopicPartition("b", 2)


def _row(metadata: bytes) -> Any:
    return JoinGroupResponseMember(member_id="member", group_instance_id="me", metadata=metadata)


def test_a_subscription_comes_through() -> None:
    metadata = encode_subscription(["b", "a"], [A, B], 7, None)
    assert read_member("range", _row(metadata)) == Member(["a", "b"], "me", [A, B], 7)


def test_an_older_cooperative_member_tells_its_generation_beside() -> None:
    metadata = encode_subscription(["a"], [A], -1, b"\0\0\0\5")
    assert read_member("cooperative-sticky", _row(metadata)).generation == 5


def test_a_member_whose_bytes_mean_nothing_wants_nothing() -> None:
    assert read_member("range", _row(b"\0\3\xff")) == Member((), "me")


def test_an_assignment_comes_through() -> None:
    assert decode_assignment(encode_assignment([A, B])) == [A, B]
    assert decode_assignment(b"") == []


def test_an_assignment_that_is_cut_is_told() -> None:
    with pytest.raises(ApiError, match="The assignment cannot be read"):
        decode_assignment(encode_assignment([A])[:-5])
