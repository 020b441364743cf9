"""A seeded run of a group: members come, go, die and come back, the broker too, while a producer goes on writing.

The seed chooses the assignor, the client of each member and of the producer, which events happen in which order, and
which of them happen before the group has settled from the one before. What waits, waits for what members say.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from kafka import KafkaAdminClient

from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.offset_fetch import OffsetFetchRequest
from tests.support.broker_process import RunningBroker
from tests.support.processes import FollowedProcess
from tests.support.raw_client import RawClient
from tests.support.waiting import eventually
from tests.system.clients.long_runs import MEMBERS, PRODUCERS, started_member, started_producer
from tests.system.group_invariants.member import Member
from tests.system.group_invariants.observations import (
    Assigned,
    Life,
    Observed,
    Refused,
    StaticRestart,
    read_stored,
)

PARTITIONS = 12
BROKER_PROPERTIES: Mapping[str, str] = MappingProxyType(
    {"group.min.session.timeout.ms": "1000", "offsets.topic.num.partitions": "4"}
)
# A group notices after this time that a member is dead. A machine that is busy with other things has to let each
# member send a heartbeat, due every 300 ms, within it.
SESSION_TIMEOUT_MS = 5_000
# A static member is there again in a second or two; in this time nobody misses it.
STATIC_SESSION_TIMEOUT_MS = 60_000
# One round of the producer is one record for each partition, so that it waits for the broker, not the members for it.
LINGER_MS = 40
SETTLE_TIMEOUT_S = 90.0
# Of the events that may happen before the group has settled, so many do.
HASTE = 0.3
BROKER_KILLS = 0.5
ASSIGNORS = ("range", "roundrobin")


@dataclass(slots=True)
class Disorder:
    """One run: `go` does everything and returns what was observed."""

    seed: int
    broker: RunningBroker
    work_dir: Path
    chance: random.Random = field(init=False)
    name: str = field(init=False)
    assignor: str = field(init=False)
    members: list[Member] = field(default_factory=list)
    """Those that live."""
    lives: list[Life] = field(default_factory=list)
    """Everybody who has ever lived."""
    static_restarts: list[StaticRestart] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    """What was done, in words."""
    _producer: FollowedProcess | None = None
    _counted: int = 0
    _acknowledged: dict[int, int] = field(default_factory=lambda: dict.fromkeys(range(PARTITIONS), 0))

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.name = f"disorder-{self.seed}"
        self.assignor = self.chance.choice(ASSIGNORS)

    def go(self) -> Observed:
        """Let the run happen; raises AssertionError when the group does not settle or somebody gives up."""
        self._create_topic()
        try:
            self._producer = self._start_producer()
            self._join("static")
            self._join()
            self._join()
            self._settle()
            for event in self._plan():
                event()
                if self.chance.random() >= HASTE:
                    self._settle()
            self._settle()
            return self._finish()
        finally:
            self._end_everything()

    def _plan(self) -> list[Callable[[], None]]:
        events = [self._kill_member, self._join, self._restart_static_member, self._leave]
        if self.chance.random() < BROKER_KILLS:
            events.append(self._kill_broker)
        self.chance.shuffle(events)
        return events

    def _start_producer(self) -> FollowedProcess:
        client = self.chance.choice(sorted(PRODUCERS))
        self.events.append(f"{client} produces")
        return started_producer(
            client,
            self.broker.bootstrap,
            self.name,
            self.work_dir / "producer.log",
            partitions=PARTITIONS,
            window=PARTITIONS,
            linger_ms=LINGER_MS,
        )

    def _join(self, instance_id: str | None = None, client: str | None = None) -> Member:
        client = client or self.chance.choice(sorted(MEMBERS))
        life = Life(len(self.lives), client, instance_id)
        self.events.append(f"{life.owner} joins ({client})")
        process = started_member(
            client,
            self.broker.bootstrap,
            self.name,
            self.work_dir / f"life-{life.number}.log",
            assignor=self.assignor,
            session_timeout_ms=SESSION_TIMEOUT_MS if instance_id is None else STATIC_SESSION_TIMEOUT_MS,
            instance_id=instance_id,
        )
        member = Member(process, life)
        self.lives.append(life)
        self.members.append(member)
        return member

    def _kill_member(self) -> None:
        victim = self._take_dynamic_member()
        self.events.append(f"{victim.life.owner} is killed")
        victim.kill()

    def _leave(self) -> None:
        leaver = self._take_dynamic_member()
        self.events.append(f"{leaver.life.owner} leaves")
        leaver.leave()

    def _take_dynamic_member(self) -> Member:
        member = self.chance.choice([each for each in self.members if each.life.instance_id is None])
        self.members.remove(member)
        return member

    def _restart_static_member(self) -> None:
        """Kill the static member of a settled group and start its next life; that must be all that happens."""
        self._settle()
        (old,) = (each for each in self.members if each.life.instance_id is not None)
        self.events.append(f"{old.life.owner} is killed to come back")
        self.members.remove(old)
        old.kill()
        new = self._join(old.life.instance_id, old.life.client)
        self._settle()
        first = next(event for event in new.life.events if isinstance(event, Assigned))
        assert old.life.last_assigned is not None
        self.static_restarts.append(StaticRestart(old.life.owner, old.life.last_assigned, first))

    def _kill_broker(self) -> None:
        self.events.append("the broker is killed and starts")
        self.broker.kill()
        self.broker.start()

    def _settle(self) -> None:
        """Wait until the living share all partitions in one generation and have read what was written before now."""
        self._count_acknowledged()
        wanted = dict(self._acknowledged)
        self._wait_until_read(wanted)

    def _wait_until_read(self, wanted: Mapping[int, int]) -> None:
        try:
            eventually(lambda: self._is_shared() and self._has_read(wanted), SETTLE_TIMEOUT_S)
        except AssertionError as failure:
            places = [
                f"{each.life.owner}: {each.life.last_assigned}, {each.read_ends}" for each in self.members
            ]
            raise AssertionError(f"{failure}; {wanted} is to be read; {'; '.join(places)}") from failure

    def _is_shared(self) -> bool:
        for member in self.members:
            member.catch_up()
        assigned = [member.life.last_assigned for member in self.members]
        partitions = sorted(partition for each in assigned if each for partition in each.partitions)
        return len({each and each.generation for each in assigned}) == 1 and partitions == list(
            range(PARTITIONS)
        )

    def _has_read(self, wanted: Mapping[int, int]) -> bool:
        """Tell whether each partition's owner of now is past the records that are wanted."""
        ends = {
            partition: member.read_ends.get(partition, 0)
            for member in self.members
            if (assigned := member.life.last_assigned)
            for partition in assigned.partitions
        }
        return all(ends[partition] > wanted[partition] for partition in range(PARTITIONS))

    def _count_acknowledged(self) -> None:
        assert self._producer is not None
        lines = self._producer.lines[self._counted :]
        self._counted += len(lines)
        for line in lines:
            match line.split():
                case ["acknowledged", partition, number, offset]:
                    assert number == offset, f"number {number} is at offset {offset}"
                    self._acknowledged[int(partition)] += 1
                case ["failed", *_]:
                    raise AssertionError(line)

    def _finish(self) -> Observed:
        """End the producer, let all be read, let everybody leave, and look at what the broker has stored."""
        assert self._producer is not None
        self._producer.end_input()
        assert self._producer.end(SETTLE_TIMEOUT_S) == 0, self._producer.tail()
        self._count_acknowledged()
        last = {partition: count - 1 for partition, count in self._acknowledged.items()}
        self._wait_until_read(last)
        while self.members:
            self.members.pop().leave()
        return Observed(
            PARTITIONS,
            self.lives,
            self._acknowledged,
            read_stored(self.broker.data_dir, self.name, self.name),
            self._committed(),
            self.static_restarts,
        )

    def _create_topic(self) -> None:
        admin = KafkaAdminClient(bootstrap_servers=self.broker.bootstrap)
        options = {"num_partitions": PARTITIONS, "replication_factor": 1}
        admin.create_topics({self.name: options}, wait_for_metadata=True)
        admin.close()

    def _committed(self) -> dict[int, int]:
        request = OffsetFetchRequest(group_id=self.name, topics=None)
        with RawClient(self.broker.port) as client:
            answer = client.ask(ApiKey.OFFSET_FETCH, 7, request)
        assert answer.error_code == ErrorCode.NONE
        (topic,) = answer.topics
        return {each.partition_index: each.committed_offset for each in topic.partitions}

    def _end_everything(self) -> None:
        left = [each.process for each in self.members] + ([self._producer] if self._producer else [])
        for process in left:
            if process.running:
                process.process.kill()
                process.end(SETTLE_TIMEOUT_S)


def refusals(observed: Observed) -> int:
    """Return how many errors the members have met and overcome."""
    return sum(isinstance(event, Refused) for life in observed.lives for event in life.events)
