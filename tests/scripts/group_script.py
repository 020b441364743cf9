"""Runs conversations with a group coordinator shard that are written down as text, on a clock that stands still.

A script is a list of steps between blank lines: commands, a line of four dashes, and what comes of them, in order:
replies, records, and changes of a group's state. The shard runs in the real shell over a log in memory, and every
record passes through its bytes, so that `restart` proves what is stored.

    join g1 member=a                    the newest id that `a` was told is used; `id=` gives another
    sync g1 member=a plan=a-1:x,b-2:y   the generation that `a` was told last, unless `generation=` is given
    heartbeat g1 member=a, leave g1 member=a, leave g1 instance=i
    commit g1 member=a t-0=5 | commit g1 t-0=5,metadata     without a member: from outside the group
    fetch g1 t-0 | fetch g1 *           describe g1, list, delete g1, delete_offsets g1 t-0, remove_topic t
    advance 3000                        time in ms; what falls due happens on the way
    restart | fail_append               load a new machine from the log | let the next append fail
    log max_batch_bytes=300             let the log take no larger batches
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

from ottla.completion import Completion
from ottla.coordination.runtime import MachineShell, ShellErrors
from ottla.errors import ErrorCode, KafkaError
from ottla.groups import commands as c
from ottla.groups.classic_group import ClassicGroup, GroupState
from ottla.groups.log_records import (
    ClassicGroupRecord,
    OffsetRecord,
    ShardRecord,
    decode_record,
    encode_record,
)
from ottla.groups.shard import GroupShard
from ottla.groups.turn import GroupSettings
from ottla.protocol.messages.heartbeat import HeartbeatRequest
from ottla.protocol.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from ottla.protocol.messages.leave_group import LeaveGroupRequest, MemberIdentity
from ottla.protocol.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from ottla.protocol.messages.offset_delete import (
    OffsetDeleteRequest,
    OffsetDeleteRequestPartition,
    OffsetDeleteRequestTopic,
)
from ottla.protocol.messages.offset_fetch import OffsetFetchRequestGroup, OffsetFetchRequestTopics
from ottla.protocol.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment
from ottla.records.builder import NewRecord, build_batch
from tests.support.manual_time import ManualTime

START_MS = 1_000_000

DEFAULTS = {
    "group_initial_rebalance_delay_ms": 3_000,
    "group_max_size": 1_000,
    "offset_metadata_max_bytes": 4_096,
    "offsets_retention_ms": 7 * 24 * 3_600_000,
    "offsets_retention_check_interval_ms": 600_000,
}


class MemoryLog:
    """Keeps records as bytes."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self.stored: list[tuple[bytes, bytes | None]] = []
        self.fails_next = False
        self.max_batch_bytes = 1_048_588
        self._note = note

    def fits(self, records: list[ShardRecord]) -> bool:
        batch = build_batch([NewRecord(*encode_record(record)) for record in records], now_ms=START_MS)
        return len(batch) <= self.max_batch_bytes

    def append(self, records: list[ShardRecord]) -> Completion[None]:
        if self.fails_next:
            self.fails_next = False
            return Completion.failed(OSError("disk full"))
        assert self.fits(records), "the log would refuse this batch"
        for record in records:
            self.stored.append(encode_record(record))
            self._note(f"record {describe_record(record)}")
        return Completion.resolved(None)

    def replay(self, apply: Callable[[ShardRecord], None]) -> Completion[None]:
        for key, value in self.stored:
            record = decode_record(key, value, -1)
            assert record is not None
            apply(record)
        return Completion.resolved(None)


class GroupScript:
    """One conversation."""

    def __init__(self) -> None:
        self.time = ManualTime(START_MS)
        self.settings = dict(DEFAULTS)
        self.log = MemoryLog(self._note)
        self.ids: dict[str, str] = {}
        self.generations: dict[str, int] = {}
        self._uuids = count(1)
        self._lines: list[str] = []
        self._states: dict[str, GroupState] = {}
        self._shard: GroupShard | None = None
        self._shell: MachineShell[Any, ShardRecord] | None = None

    def run(self, text: str) -> str:
        """Return the script with what really came of each step."""
        steps = []
        for block in text.strip("\n").split("\n\n"):
            asked = block.split("\n----", maxsplit=1)[0]
            lines = [line for line in asked.splitlines() if line and not line.startswith("#")]
            for line in lines:
                self._command(line)
            happened = "".join(f"{line}\n" for line in self._lines)
            self._lines.clear()
            steps.append(f"{asked}\n----\n{happened}" if lines else f"{asked}\n")
        return "\n".join(steps)

    def _note(self, line: str) -> None:
        self._lines.append(line)

    def _command(self, line: str) -> None:
        name, *words = line.split()
        options = dict(word.split("=", 1) for word in words if "=" in word)
        plain = [word for word in words if "=" not in word]
        if name == "set":
            self.settings.update({key: int(value) for key, value in options.items()})
        elif name == "advance":
            self.time.advance(int(plain[0]))
        elif name == "log":
            self.log.max_batch_bytes = int(options["max_batch_bytes"])
        elif name == "fail_append":
            self.log.fails_next = True
        elif name == "restart":
            self._load()
        else:
            if self._shell is None:
                self._load()
            assert self._shell is not None
            command = getattr(self, f"_{name}")(plain, options)
            label = " ".join(
                [name, *plain[:1], *(options[key] for key in ("member", "instance") if key in options)]
            )
            command.reply_to.on_done(lambda done: self._note(f"reply {label}: {self._answer(done, options)}"))
            self._shell.submit(command)
        self._note_states()

    def _load(self) -> None:
        if self._shell is not None:
            self._shell.close(KafkaError(ErrorCode.NOT_COORDINATOR))
        self._states = {}
        self._shell = MachineShell(
            "shard",
            self._create,
            self.log,
            self.time,
            self.time,
            queue_limit=100,
            errors=ShellErrors(
                loading=ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
                closed=ErrorCode.NOT_COORDINATOR,
                overloaded=ErrorCode.COORDINATOR_NOT_AVAILABLE,
                append_failed=lambda _: KafkaError(ErrorCode.NOT_COORDINATOR),
            ),
        )
        self._shell.load().result()

    def _create(self) -> GroupShard:
        self._shard = GroupShard(
            "shard", GroupSettings(**self.settings), lambda: str(next(self._uuids)), self.log
        )
        return self._shard

    def _note_states(self) -> None:
        if self._shard is None:
            return
        groups: dict[str, ClassicGroup] = self._shard._groups
        for group_id in sorted(self._states.keys() | groups.keys()):
            before = self._states.get(group_id)
            group = groups.get(group_id)
            after = None if group is None else group.state
            if after is not before:
                self._note(f"{group_id}: {_name(before)} -> {_name(after)}")
            if after is None:
                self._states.pop(group_id, None)
            else:
                self._states[group_id] = after

    # Commands

    def _join(self, plain: list[str], options: dict[str, str]) -> c.JoinGroup:
        member = options["member"]
        version = int(options.get("version", "9"))
        protocols = [word.partition(":") for word in options.get("protocols", "range").split(",") if word]
        request = JoinGroupRequest(
            group_id=plain[0],
            session_timeout_ms=int(options.get("session_timeout_ms", "10000")),
            rebalance_timeout_ms=int(options.get("rebalance_timeout_ms", "60000")),
            member_id=options.get("id", self.ids.get(member, "")),
            group_instance_id=options.get("instance"),
            protocol_type=options.get("type", "consumer"),
            protocols=[
                JoinGroupRequestProtocol(name=name, metadata=_subscription(topics))
                for name, _, topics in protocols
            ],
        )
        return c.JoinGroup(request, member, "/127.0.0.1", version >= 4, version >= 9)

    def _sync(self, plain: list[str], options: dict[str, str]) -> c.SyncGroup:
        member = options["member"]
        plan = [item.partition(":") for item in options.get("plan", "").split(",") if item]
        request = SyncGroupRequest(
            group_id=plain[0],
            generation_id=int(options.get("generation", self.generations.get(member, 0))),
            member_id=options.get("id", self.ids.get(member, "")),
            group_instance_id=options.get("instance"),
            protocol_type=options.get("type"),
            protocol_name=options.get("protocol"),
            assignments=[
                SyncGroupRequestAssignment(member_id=who, assignment=what.encode()) for who, _, what in plan
            ],
        )
        return c.SyncGroup(request)

    def _heartbeat(self, plain: list[str], options: dict[str, str]) -> c.Heartbeat:
        member = options["member"]
        request = HeartbeatRequest(
            group_id=plain[0],
            generation_id=int(options.get("generation", self.generations.get(member, 0))),
            member_id=options.get("id", self.ids.get(member, "")),
            group_instance_id=options.get("instance"),
        )
        return c.Heartbeat(request)

    def _leave(self, plain: list[str], options: dict[str, str]) -> c.LeaveGroup:
        names = options.get("member", "").split(",")
        identities = [
            MemberIdentity(
                member_id=options.get("id", self.ids.get(name, "")), group_instance_id=options.get("instance")
            )
            for name in names
        ]
        return c.LeaveGroup(LeaveGroupRequest(group_id=plain[0], members=identities))

    def _commit(self, plain: list[str], options: dict[str, str]) -> c.CommitOffsets:
        member = options.get("member", "")
        generation = self.generations.get(member, -1) if member else -1
        request = OffsetCommitRequest(
            group_id=plain[0],
            generation_id_or_member_epoch=int(options.get("generation", generation)),
            member_id=options.get("id", self.ids.get(member, "") if member else ""),
            group_instance_id=options.get("instance"),
            retention_time_ms=int(options.get("retention_time_ms", "-1")),
            topics=[
                OffsetCommitRequestTopic(
                    name=topic,
                    partitions=[
                        OffsetCommitRequestPartition(
                            partition_index=int(partition),
                            committed_offset=int(value.partition(",")[0]),
                            committed_metadata=value.partition(",")[2] or None,
                        )
                    ],
                )
                for key, value in options.items()
                if "-" in key
                for topic, _, partition in [key.rpartition("-")]
            ],
        )
        return c.CommitOffsets(request, int(options.get("version", "9")) >= 9)

    def _fetch(self, plain: list[str], _options: dict[str, str]) -> c.FetchOffsets:
        topics = None
        if plain[1:] != ["*"]:
            topics = [
                OffsetFetchRequestTopics(name=topic, partition_indexes=[int(partition)])
                for topic, _, partition in (word.rpartition("-") for word in plain[1:])
            ]
        return c.FetchOffsets(OffsetFetchRequestGroup(group_id=plain[0], topics=topics), require_stable=True)

    def _delete_offsets(self, plain: list[str], _options: dict[str, str]) -> c.DeleteOffsets:
        topics = [
            OffsetDeleteRequestTopic(
                name=topic, partitions=[OffsetDeleteRequestPartition(partition_index=int(partition))]
            )
            for topic, _, partition in (word.rpartition("-") for word in plain[1:])
        ]
        return c.DeleteOffsets(OffsetDeleteRequest(group_id=plain[0], topics=topics))

    def _describe(self, plain: list[str], _options: dict[str, str]) -> c.DescribeGroups:
        return c.DescribeGroups(plain)

    def _list(self, _plain: list[str], options: dict[str, str]) -> c.ListGroups:
        return c.ListGroups(_split(options.get("states")), _split(options.get("types")))

    def _delete(self, plain: list[str], _options: dict[str, str]) -> c.DeleteGroups:
        return c.DeleteGroups(plain)

    def _remove_topic(self, plain: list[str], _options: dict[str, str]) -> c.RemoveTopics:
        return c.RemoveTopics(plain)

    # Answers

    def _answer(self, done: Completion[Any], options: dict[str, str]) -> str:
        if done.error is not None:
            assert isinstance(done.error, KafkaError), done.error
            return done.error.code.name
        response = done.result()
        member = options.get("member", "")
        if hasattr(response, "generation_id") and hasattr(response, "leader"):
            if response.error_code in {ErrorCode.NONE, ErrorCode.MEMBER_ID_REQUIRED}:
                self.ids[member] = response.member_id
            if response.error_code == 0:
                self.generations[member] = response.generation_id
        return _text(response)


def describe_record(record: ShardRecord) -> str:
    """Return one record in words."""
    if isinstance(record, OffsetRecord):
        place = f"offset {record.key.group} {record.key.topic}-{record.key.partition}"
        return f"{place} removed" if record.value is None else f"{place} {record.value.offset}"
    assert isinstance(record, ClassicGroupRecord)
    if record.value is None:
        return f"group {record.key.group} removed"
    members = " ".join(f"{m.member_id}:{m.assignment.decode()}" for m in record.value.members)
    parts = [
        f"group {record.key.group} generation={record.value.generation}",
        f"leader={record.value.leader}",
    ]
    return " ".join([*parts, f"protocol={record.value.protocol}", f"members=[{members}]"])


def _text(response: Any) -> str:
    if isinstance(response, bool):
        return "done" if response else "more to do"
    if isinstance(response, list):
        return "; ".join(_text(item) for item in response) or "nothing"
    name = type(response).__name__
    error = ErrorCode(getattr(response, "error_code", 0))
    prefix = "" if error is ErrorCode.NONE else error.name
    words = _WORDS[name](response) if name in _WORDS else ""
    return " ".join(word for word in (prefix, words) if word) or "ok"


def _join_words(response: Any) -> str:
    words = [f"id={response.member_id}"] if response.member_id else []
    if response.error_code == 0:
        words += [f"generation={response.generation_id}", f"leader={response.leader}", response.protocol_name]
        if response.members:
            words.append("members=" + ",".join(sorted(member.member_id for member in response.members)))
        if response.skip_assignment:
            words.append("skip_assignment")
    return " ".join(words)


def _per_partition(topics: Iterable[Any], describe: Callable[[Any], str]) -> str:
    return " ".join(
        f"{topic.name}-{partition.partition_index}={describe(partition)}"
        for topic in topics
        for partition in topic.partitions
    )


def _code(answer: Any) -> str:
    return "ok" if answer.error_code == 0 else ErrorCode(answer.error_code).name


def _fetched(partition: Any) -> str:
    if partition.error_code:
        return _code(partition)
    return f"{partition.committed_offset}" + (f",{partition.metadata}" if partition.metadata else "")


_WORDS: dict[str, Callable[[Any], str]] = {
    "JoinGroupResponse": _join_words,
    "SyncGroupResponse": lambda r: "" if r.error_code else f"assignment={r.assignment.decode() or 'nothing'}",
    "LeaveGroupResponse": lambda r: " ".join(
        f"{member.member_id or member.group_instance_id}={_code(member)}" for member in r.members
    ),
    "OffsetCommitResponse": lambda r: _per_partition(r.topics, _code),
    "OffsetDeleteResponse": lambda r: _per_partition(r.topics, _code),
    "OffsetFetchResponseGroup": lambda r: _per_partition(r.topics, _fetched) or "no offsets",
    "DescribedGroup": lambda r: " ".join(
        [
            r.group_id,
            r.group_state,
            f"type={r.protocol_type or 'none'}",
            f"protocol={r.protocol_data or 'none'}",
            *(
                f"{m.member_id}@{m.client_host}:{'metadata' if m.member_metadata else 'no metadata'}"
                f":{m.member_assignment.decode() or 'nothing'}"
                for m in r.members
            ),
        ]
    ),
    "ListedGroup": lambda r: f"{r.group_id} {r.group_state} {r.group_type} type={r.protocol_type or 'none'}",
    "DeletableGroupResult": lambda r: f"{r.group_id}",
}


def _subscription(topics: str) -> bytes:
    """Return a ConsumerProtocolSubscription, version 0, of topics joined by `+`; no topics: something unreadable."""
    if not topics:
        return b"opaque"
    names = topics.split("+")
    body = b"".join(len(name).to_bytes(2, "big") + name.encode() for name in names)
    return b"\x00\x00" + len(names).to_bytes(4, "big") + body + b"\xff\xff\xff\xff"


def _split(text: str | None) -> list[str]:
    return text.split(",") if text else []


def _name(state: GroupState | None) -> str:
    return "nothing" if state is None else state.value
