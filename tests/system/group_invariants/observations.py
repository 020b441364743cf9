"""What is seen of a group: the event lines of its members, and what the broker has stored in `__consumer_offsets`.

A life is one process of a member, from its start to its end; lives are numbered in the order in which they began.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ottla.groups.log_records import ClassicGroupRecord, OffsetRecord, decode_record
from ottla.groups.records import GroupMetadataValue, MemberMetadata
from ottla.protocol.consumer_protocol import ConsumerProtocolAssignment
from ottla.records.batch import iterate_batches
from ottla.records.record import iterate_records
from ottla.types import CONSUMER_OFFSETS_TOPIC
from ottla.wire.compiler import decode


@dataclass(frozen=True, slots=True)
class Assigned:
    """A member was told its partitions in a generation."""

    generation: int
    member_id: str
    partitions: frozenset[int]


@dataclass(frozen=True, slots=True)
class Read:
    """A member has read records of one partition, each with its offset and the number that it holds."""

    generation: int
    partition: int
    records: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Committed:
    """The broker has told a member that it keeps these offsets, by partition."""

    generation: int
    offsets: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Refused:
    """A member met an error and went on."""

    reason: str


Event = Assigned | Read | Committed | Refused


@dataclass(slots=True)
class Life:
    """What one process of a member has met so far, in order."""

    number: int
    client: str
    instance_id: str | None = None
    events: list[Event] = field(default_factory=list)

    @property
    def owner(self) -> str:
        """What owns partitions in a generation: a static member is the same in all its lives."""
        return self.instance_id or f"life {self.number}"

    @property
    def last_assigned(self) -> Assigned | None:
        """The newest assignment, if there was one."""
        return next((event for event in reversed(self.events) if isinstance(event, Assigned)), None)


@dataclass(frozen=True, slots=True)
class StaticRestart:
    """A static member was ended and began its next life while nothing else went on in the group."""

    instance_id: str
    before: Assigned
    after: Assigned


@dataclass(frozen=True, slots=True)
class StoredMember:
    """A member as the group's record has it."""

    member_id: str
    instance_id: str | None
    partitions: frozenset[int]


@dataclass(frozen=True, slots=True)
class StoredGeneration:
    """A record of the group: a generation whose leader has assigned partitions."""

    generation: int
    members: tuple[StoredMember, ...]


@dataclass(slots=True)
class Stored:
    """What the broker's log says of a group, in the order of the log."""

    generations: list[StoredGeneration] = field(default_factory=list)
    commits: dict[int, list[int]] = field(default_factory=dict)
    """The offsets that were committed, by partition."""


@dataclass(slots=True)
class Observed:
    """All that is known of a run when it is over."""

    partition_count: int
    lives: list[Life]
    acknowledged: Mapping[int, int]
    """How many records of each partition the producer knows to be stored; number and offset are the same."""
    stored: Stored
    committed: Mapping[int, int]
    """What the broker says at the end that the group has committed, by partition."""
    static_restarts: Sequence[StaticRestart] = ()


def parse_event(line: str) -> Event | None:
    """Return the event that a line of a member tells; None for lines that tell none."""
    if not line.startswith('{"'):
        return None
    told = json.loads(line)
    match told.get("event"):
        case "assigned":
            return Assigned(told["generation"], told["member"], frozenset(told["partitions"]))
        case "read":
            return Read(told["generation"], told["partition"], tuple(map(tuple, told["records"])))
        case "committed":
            offsets = {int(partition): offset for partition, offset in told["offsets"].items()}
            return Committed(told["generation"], offsets)
        case "refused":
            return Refused(told["reason"])
    return None


def is_cut(line: str) -> bool:
    """Tell whether a line of an event is not there as a whole, which the last one of a killed process may not be."""
    try:
        return line.startswith("{") and not json.loads(line)
    except json.JSONDecodeError:
        return True


def read_stored(data_dir: Path, group: str, topic: str) -> Stored:
    """Return what the files of `__consumer_offsets` say of a group and its offsets in one topic."""
    stored = Stored()
    for path in sorted(data_dir.glob(f"{CONSUMER_OFFSETS_TOPIC}-*/*.log")):
        for record in _group_records(path.read_bytes()):
            if isinstance(record, ClassicGroupRecord) and record.key.group == group and record.value:
                stored.generations += _assigned_generation(record.value)
            elif isinstance(record, OffsetRecord) and (record.key.group, record.key.topic) == (group, topic):
                assert record.value is not None, "nobody deletes offsets here"
                stored.commits.setdefault(record.key.partition, []).append(record.value.offset)
    return stored


def _group_records(content: bytes) -> Iterator[object]:
    for position, header in iterate_batches(content):
        if not header.is_control:
            for record in iterate_records(content, position, header):
                yield decode_record(record.key, record.value, header.producer_id)


def _assigned_generation(group: GroupMetadataValue) -> list[StoredGeneration]:
    """Return the generation that a record holds; none where the group is empty or its leader has yet to assign."""
    if not any(member.assignment for member in group.members):
        return []
    members = tuple(
        StoredMember(member.member_id, member.group_instance_id, _partitions(member))
        for member in group.members
    )
    return [StoredGeneration(group.generation, members)]


def _partitions(member: MemberMetadata) -> frozenset[int]:
    if not member.assignment:
        return frozenset()
    version = int.from_bytes(member.assignment[:2], "big")
    assignment = decode(ConsumerProtocolAssignment, min(version, 3), member.assignment, 2)[0]
    return frozenset(number for topic in assignment.assigned_partitions for number in topic.partitions)
