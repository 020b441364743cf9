"""A group of the classic protocol: its members, its state, and who waits for what.

What a GroupMetadata record holds (generation, protocol, leader, members with their assignments) survives a restart.
The rest does not, and need not: parked JoinGroups and SyncGroups, ids handed out but not used yet, the phase of a
rebalance. A group that comes from its log is Stable, or Empty without members (Kafka's ClassicGroup).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from ottla.completion import Completion
from ottla.errors import ErrorCode, KafkaError
from ottla.groups.records import GroupMetadataValue, MemberMetadata
from ottla.jvm_order import string_place
from ottla.protocol.consumer_protocol import subscribed_topics
from ottla.protocol.messages.join_group import JoinGroupResponse
from ottla.protocol.messages.sync_group import SyncGroupResponse
from ottla.wire.primitives import WireError

CONSUMER_PROTOCOL_TYPE = "consumer"
NO_TIMESTAMP = -1
NO_ASSIGNMENT = b""

Protocols = list[tuple[str, bytes]]
"""Names with the member's metadata for each, most wanted first."""


class GroupState(Enum):
    """The states, by the names that clients see."""

    EMPTY = "Empty"
    PREPARING_REBALANCE = "PreparingRebalance"
    COMPLETING_REBALANCE = "CompletingRebalance"
    STABLE = "Stable"
    DEAD = "Dead"


_FROM: Mapping[GroupState, frozenset[GroupState]] = MappingProxyType(
    {
        GroupState.EMPTY: frozenset({GroupState.PREPARING_REBALANCE}),
        GroupState.PREPARING_REBALANCE: frozenset(
            {GroupState.EMPTY, GroupState.COMPLETING_REBALANCE, GroupState.STABLE}
        ),
        GroupState.COMPLETING_REBALANCE: frozenset({GroupState.PREPARING_REBALANCE}),
        GroupState.STABLE: frozenset({GroupState.COMPLETING_REBALANCE}),
    }
)
"""Which states a state can follow."""


@dataclass(slots=True, eq=False)
class ClassicMember:
    """A member that has joined."""

    member_id: str
    group_instance_id: str | None
    """Name of a static member (KIP-345); None for a dynamic one."""
    client_id: str
    client_host: str
    rebalance_timeout_ms: int
    session_timeout_ms: int
    protocols: Protocols
    assignment: bytes = NO_ASSIGNMENT
    parked_join: Completion[JoinGroupResponse] | None = None
    parked_sync: Completion[SyncGroupResponse] | None = None
    is_new: bool = False
    """Its first JoinGroup is parked: it does not know its id yet, so it cannot send heartbeats."""

    @property
    def may_not_expire(self) -> bool:
        """Whether a parked request stands in for heartbeats. A new member expires even then: it may have left."""
        return not self.is_new and (self.parked_join is not None or self.parked_sync is not None)

    @property
    def protocol_names(self) -> set[str]:
        """The protocols that the member knows; a client may name one twice."""
        return {name for name, _ in self.protocols}

    def metadata_for(self, protocol_name: str | None) -> bytes:
        """Return the member's metadata for a protocol; empty where it has none."""
        return next((metadata for name, metadata in self.protocols if name == protocol_name), b"")

    def supports(self, protocol_name: str) -> bool:
        """Tell whether the member knows a protocol."""
        return any(name == protocol_name for name, _ in self.protocols)


@dataclass(slots=True, eq=False)
class ClassicGroup:
    """A group. Without a protocol type it is a simple group, which only has offsets."""

    group_id: str
    state: GroupState = GroupState.EMPTY
    previous_state: GroupState = GroupState.DEAD
    state_timestamp_ms: int = NO_TIMESTAMP
    generation_id: int = 0
    protocol_type: str | None = None
    protocol_name: str | None = None
    leader_id: str | None = None
    members: dict[str, ClassicMember] = field(default_factory=dict)
    static_members: dict[str, str] = field(default_factory=dict)
    """Member ids by instance id."""
    pending_members: set[str] = field(default_factory=set)
    """Ids handed out with MEMBER_ID_REQUIRED that have not joined yet (KIP-394)."""
    pending_sync: set[str] = field(default_factory=set)
    """Members of this generation that have not sent SyncGroup yet."""
    new_member_added: bool = False
    """Somebody joined during the initial delay, which is then extended."""
    initial_delay_ms: int | None = None
    """The part of the initial delay that runs now; None in every other rebalance."""
    initial_remaining_ms: int = 0
    """What of the initial delay may still be added."""
    topics: frozenset[str] | None = None
    """Topics that members subscribe to; None where the protocol does not tell."""
    awaiting_join: int = 0
    """How many members have a parked JoinGroup."""
    protocol_counts: Counter[str] = field(default_factory=Counter)
    """How many members know each protocol."""

    def is_in(self, *states: GroupState) -> bool:
        """Tell whether the group is in one of the states."""
        return self.state in states

    @property
    def can_rebalance(self) -> bool:
        """Whether a rebalance can begin in this state."""
        return self.state in _FROM[GroupState.PREPARING_REBALANCE]

    @property
    def uses_consumer_protocol(self) -> bool:
        """Whether the members are consumers, whose subscriptions can be read."""
        return self.protocol_type == CONSUMER_PROTOCOL_TYPE

    @property
    def rebalance_timeout_ms(self) -> int:
        """The longest that any member asks for."""
        return max((member.rebalance_timeout_ms for member in self.members.values()), default=0)

    @property
    def all_have_joined(self) -> bool:
        """Whether every member waits for the next generation and no id is handed out that has not joined."""
        return self.awaiting_join == len(self.members) and not self.pending_members

    def move_to(self, state: GroupState, now_ms: int) -> None:
        """Change the state."""
        assert self.state in _FROM[state], f"{self.group_id} cannot go from {self.state} to {state}"
        self.previous_state, self.state = self.state, state
        self.state_timestamp_ms = now_ms

    # Members

    def add(self, member: ClassicMember, parked: Completion[JoinGroupResponse], protocol_type: str) -> None:
        """Take in a member whose JoinGroup waits; the first one gives the group its protocol type."""
        if not self.members:
            self.protocol_type = protocol_type
        if self.leader_id is None:
            self.leader_id = member.member_id
        self.pending_members.discard(member.member_id)
        self.members[member.member_id] = member
        if member.group_instance_id is not None:
            self.static_members[member.group_instance_id] = member.member_id
        self.protocol_counts.update(member.protocol_names)
        self.park_join(member, parked)

    def remove(self, member_id: str) -> None:
        """Forget a member or an id that was handed out; the next member leads where the leader goes."""
        member = self.members.pop(member_id, None)
        if member is not None:
            self.protocol_counts.subtract(member.protocol_names)
            if member.parked_join is not None:
                self.awaiting_join -= 1
            if member.group_instance_id is not None:
                self.static_members.pop(member.group_instance_id, None)
        if self.leader_id == member_id:
            self.leader_id = next(iter(self.members), None)
        self.pending_members.discard(member_id)
        self.pending_sync.discard(member_id)

    def update(self, member: ClassicMember, protocols: Protocols) -> None:
        """Replace what a member supports."""
        self.protocol_counts.subtract(member.protocol_names)
        member.protocols = protocols
        self.protocol_counts.update(member.protocol_names)

    def rename(self, member: ClassicMember, member_id: str) -> None:
        """Give a static member that came back its new id; everything else stays as it was."""
        assert member.group_instance_id is not None
        del self.members[member.member_id]
        if self.leader_id == member.member_id:
            self.leader_id = member_id
        member.member_id = member_id
        self.members[member_id] = member
        self.static_members[member.group_instance_id] = member_id

    def park_join(self, member: ClassicMember, parked: Completion[JoinGroupResponse]) -> None:
        """Keep a member's JoinGroup until the generation is complete."""
        if member.parked_join is None:
            self.awaiting_join += 1
        member.parked_join = parked

    def take_parked_join(self, member: ClassicMember) -> Completion[JoinGroupResponse] | None:
        """Hand over a member's parked JoinGroup, which is about to be answered."""
        parked, member.parked_join = member.parked_join, None
        if parked is not None:
            self.awaiting_join -= 1
        return parked

    def require_member(self, member_id: str, group_instance_id: str | None) -> ClassicMember:
        """Return the member that sent a request.

        Raises KafkaError UNKNOWN_MEMBER_ID, or FENCED_INSTANCE_ID where a static member's name now belongs to a
        newer id.
        """
        if group_instance_id is not None:
            current = self.static_members.get(group_instance_id)
            if current is not None and current != member_id:
                raise KafkaError(ErrorCode.FENCED_INSTANCE_ID)
            if current is None:
                raise KafkaError(ErrorCode.UNKNOWN_MEMBER_ID)
        member = self.members.get(member_id)
        if member is None:
            raise KafkaError(ErrorCode.UNKNOWN_MEMBER_ID)
        return member

    # Protocols, leader, generation

    def accepts(self, protocol_type: str, protocols: Iterable[tuple[str, bytes]]) -> bool:
        """Tell whether a member with these protocols fits: an empty group takes any, else one must be common."""
        names = [name for name, _ in protocols]
        if self.state is GroupState.EMPTY:
            return bool(protocol_type and names)
        return self.protocol_type == protocol_type and any(
            self.protocol_counts[name] == len(self.members) for name in names
        )

    def select_protocol(self) -> str:
        """Return the protocol for the next generation.

        Every member votes for the first of its own that all know; most votes win, and of equals the one that comes
        first in the order of Java's hash map, where Kafka counts them.
        """
        size = len(self.members)
        votes: Counter[str] = Counter()
        for member in self.members.values():
            candidate = next(
                (name for name, _ in member.protocols if self.protocol_counts[name] == size), None
            )
            assert candidate is not None, "members join only with a common protocol"
            votes[candidate] += 1
        most = max(votes.values())
        return min((name for name, count in votes.items() if count == most), key=_small_map_bucket)

    def elect_joined_leader(self) -> bool:
        """Make sure that the leader is among those who joined. False when nobody joined."""
        leader = self.members.get(self.leader_id) if self.leader_id is not None else None
        if leader is None:
            return False
        if leader.parked_join is None:
            joined = (member for member in self.members.values() if member.parked_join is not None)
            leader = next(joined, None)
            if leader is None:
                return False
            self.leader_id = leader.member_id
        return True

    def begin_generation(self, now_ms: int) -> None:
        """Move on to the next generation with those who are members now."""
        self.generation_id += 1
        self.protocol_name = self.select_protocol() if self.members else None
        self.topics = self.read_subscriptions()
        self.pending_sync.clear()
        self.move_to(GroupState.COMPLETING_REBALANCE if self.members else GroupState.EMPTY, now_ms)

    def read_subscriptions(self) -> frozenset[str] | None:
        """Return the topics that members subscribe to; None where their metadata does not tell."""
        if not self.uses_consumer_protocol:
            return None
        if not self.members:
            return frozenset()
        if self.protocol_name is None:
            return None
        topics: set[str] = set()
        try:
            for member in self.members.values():
                topics.update(subscribed_topics(member.metadata_for(self.protocol_name)))
        except WireError:
            return None
        return frozenset(topics)

    def subscribes_to(self, topic: str) -> bool:
        """Tell whether members use a topic; consumers whose subscriptions cannot be read may use any."""
        return self.uses_consumer_protocol if self.topics is None else topic in self.topics

    # Records

    def to_record(self, assignments: Mapping[str, bytes]) -> GroupMetadataValue:
        """Return the record of this generation with the given assignments."""
        return GroupMetadataValue(
            protocol_type=self.protocol_type or "",
            generation=self.generation_id,
            protocol=self.protocol_name,
            leader=self.leader_id,
            current_state_timestamp=self.state_timestamp_ms,
            members=[
                MemberMetadata(
                    member_id=member.member_id,
                    group_instance_id=member.group_instance_id,
                    client_id=member.client_id,
                    client_host=member.client_host,
                    rebalance_timeout=member.rebalance_timeout_ms,
                    session_timeout=member.session_timeout_ms,
                    subscription=member.metadata_for(self.protocol_name),
                    assignment=assignments.get(member.member_id, NO_ASSIGNMENT),
                )
                for member in self.members.values()
            ],
        )

    def load(self, value: GroupMetadataValue) -> None:
        """Become what a record from the log says: stable, or empty without members."""
        members = [_member_from(stored, value.protocol) for stored in value.members]
        self.members = {member.member_id: member for member in members}
        self.state = GroupState.STABLE if members else GroupState.EMPTY
        self.state_timestamp_ms = value.current_state_timestamp
        self.generation_id = value.generation
        self.protocol_type = value.protocol_type or None
        self.protocol_name = value.protocol
        self.leader_id = value.leader
        self.static_members = {
            m.group_instance_id: m.member_id for m in members if m.group_instance_id is not None
        }
        self.protocol_counts = Counter(name for member in members for name in member.protocol_names)
        self.topics = self.read_subscriptions()

    def confirm(self, value: GroupMetadataValue) -> None:
        """Take note that a record of this group is committed: the plan of a new generation makes it stable.

        Every other record tells what the group had become before, so there is nothing more to do.
        """
        if self.state is GroupState.COMPLETING_REBALANCE:
            for stored in value.members:
                self.members[stored.member_id].assignment = stored.assignment
            self.move_to(GroupState.STABLE, self.state_timestamp_ms)


def _member_from(stored: MemberMetadata, protocol_name: str | None) -> ClassicMember:
    return ClassicMember(
        member_id=stored.member_id,
        group_instance_id=stored.group_instance_id,
        client_id=stored.client_id,
        client_host=stored.client_host,
        rebalance_timeout_ms=stored.session_timeout
        if stored.rebalance_timeout == -1
        else stored.rebalance_timeout,
        session_timeout_ms=stored.session_timeout,
        protocols=[(protocol_name or "", stored.subscription)],
        assignment=stored.assignment,
    )


def _small_map_bucket(name: str) -> int:
    """Return where a small java.util.HashMap keeps a key, since Kafka takes the first of equal counts."""
    return string_place(name, 16)
