"""Corners of the phases that no client can ask for; tests/scripts/classic_group shows the phases themselves."""

from __future__ import annotations

import pytest
from tests.unit.groups.support import SETTINGS, START_MS, Room

from ottla.completion import Completion
from ottla.errors import ErrorCode
from ottla.groups import classic_rebalance
from ottla.groups.classic_group import ClassicGroup, ClassicMember, GroupState
from ottla.groups.deadlines import Deadlines
from ottla.groups.turn import DeadlineKey, DeadlineKind, GroupSettings, Turn
from ottla.protocol.messages.join_group import JoinGroupResponse


@pytest.fixture
def turn() -> Turn:
    return Turn(START_MS, SETTINGS, Deadlines(), lambda: "id", Room())


def joined(
    group: ClassicGroup, member_id: str, *, instance: str | None = None
) -> Completion[JoinGroupResponse]:
    parked: Completion[JoinGroupResponse] = Completion()
    member = ClassicMember(member_id, instance, "c", "/h", 20_000, 10_000, [("range", b"")])
    group.add(member, parked, "consumer")
    return parked


def test_without_an_initial_delay_the_first_member_still_waits_for_its_turn(turn: Turn) -> None:
    settings = GroupSettings(0, 100, 4_096, 1_000, 1_000)
    turn = Turn(START_MS, settings, Deadlines(), lambda: "id", Room())
    group = ClassicGroup("g")
    joined(group, "a")
    classic_rebalance.prepare_rebalance(turn, group, "test")
    assert turn.deadlines.pop_due(START_MS) == DeadlineKey(DeadlineKind.JOIN, "g")
    classic_rebalance.on_join_deadline(turn, group)
    assert group.state is GroupState.COMPLETING_REBALANCE


def test_a_pending_id_that_expires_ends_even_the_initial_delay(turn: Turn) -> None:
    # Kafka completes the join phase here without asking whether the delay still runs.
    group = ClassicGroup("g")
    joined(group, "a")
    group.pending_members.add("b")
    classic_rebalance.prepare_rebalance(turn, group, "test")
    classic_rebalance.on_session_deadline(turn, group, "b")
    assert group.generation_id == 1
    assert DeadlineKey(DeadlineKind.JOIN, "g") not in turn.deadlines


def test_a_sync_deadline_that_nobody_missed_changes_nothing(turn: Turn) -> None:
    group = ClassicGroup("g", GroupState.STABLE)
    classic_rebalance.on_sync_deadline(turn, group)
    assert group.state is GroupState.STABLE


def test_a_deadline_of_somebody_who_left_changes_nothing(turn: Turn) -> None:
    group = ClassicGroup("g", GroupState.STABLE)
    classic_rebalance.on_session_deadline(turn, group, "gone")
    assert group.state is GroupState.STABLE
    assert turn.effects.replies == []


def test_an_answer_to_a_join_that_a_newer_one_replaces(turn: Turn) -> None:
    parked: Completion[JoinGroupResponse] = Completion()
    classic_rebalance.replace_parked(turn, parked, "a")
    turn.effects.replies[0].release()
    assert parked.result().error_code == ErrorCode.REBALANCE_IN_PROGRESS


def test_the_last_members_that_leave_record_an_empty_generation(turn: Turn) -> None:
    group = ClassicGroup("g")
    joined(group, "a")
    classic_rebalance.prepare_rebalance(turn, group, "test")
    classic_rebalance.drop_member(turn, group, "a")
    classic_rebalance.on_join_deadline(turn, group)
    assert (group.state, group.generation_id, group.protocol_name) == (GroupState.EMPTY, 1, None)
    assert len(turn.effects.records) == 1
