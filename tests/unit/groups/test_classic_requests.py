"""Requests that only a broken or a very unlucky client sends; tests/scripts/classic_group has the usual ones."""

from __future__ import annotations

import pytest
from tests.unit.groups.support import DirectShard, join

from ottla.errors import ErrorCode, KafkaError
from ottla.groups.commands import LeaveGroup, SyncGroup
from ottla.protocol.messages.leave_group import LeaveGroupRequest, MemberIdentity
from ottla.protocol.messages.sync_group import SyncGroupRequest


@pytest.fixture
def shard() -> DirectShard:
    shard = DirectShard()
    shard.load()
    return shard


def sync(member_id: str, generation: int = 1) -> SyncGroup:
    return SyncGroup(SyncGroupRequest(group_id="g", generation_id=generation, member_id=member_id))


def two_members(shard: DirectShard) -> None:
    """Bring client-1, the leader, and client-2 into a generation that waits for its plan."""
    shard.send(join())
    shard.send(join())
    shard.advance(6_000)


def test_a_handed_out_id_is_not_for_static_members(shard: DirectShard) -> None:
    command = join()
    command.needs_member_id = True
    member_id = shard.send(command).member_id
    with pytest.raises(KafkaError) as raised:
        shard.send(join(member_id=member_id, group_instance_id="i"))
    assert raised.value.code is ErrorCode.UNKNOWN_SERVER_ERROR


def test_a_join_sent_twice_answers_the_first_one_too(shard: DirectShard) -> None:
    two_members(shard)
    shard.send(sync("client-1"))
    first = join(member_id="client-1")
    assert shard.send(first) is None
    shard.send(join(member_id="client-1"))
    assert first.reply_to.result().error_code == ErrorCode.REBALANCE_IN_PROGRESS


def test_a_sync_sent_twice_answers_the_first_one_too(shard: DirectShard) -> None:
    two_members(shard)
    first, second = sync("client-2"), sync("client-2")
    assert shard.send(first) is None
    assert shard.send(second) is None
    assert first.reply_to.result().error_code == ErrorCode.REBALANCE_IN_PROGRESS
    shard.send(sync("client-1"))
    assert second.reply_to.result().error_code == ErrorCode.NONE


def test_a_member_that_is_removed_while_it_syncs_is_answered(shard: DirectShard) -> None:
    two_members(shard)
    waiting = sync("client-2")
    shard.send(waiting)
    shard.send(LeaveGroup(LeaveGroupRequest(group_id="g", members=[MemberIdentity(member_id="client-2")])))
    assert waiting.reply_to.result().error_code == ErrorCode.UNKNOWN_MEMBER_ID


def test_several_members_that_leave_together_cause_one_rebalance(shard: DirectShard) -> None:
    two_members(shard)
    shard.send(sync("client-1"))
    shard.appended.clear()
    identities = [MemberIdentity(member_id=name) for name in ("client-1", "nobody", "client-2")]
    response = shard.send(LeaveGroup(LeaveGroupRequest(group_id="g", members=identities)))
    assert [member.error_code for member in response.members] == [0, ErrorCode.UNKNOWN_MEMBER_ID, 0]
    assert len(shard.appended) == 1
