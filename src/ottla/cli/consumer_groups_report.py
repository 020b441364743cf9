"""What kafka-consumer-groups prints, as texts: lists, and the tables of offsets, members and states.

Pure. Columns are as wide as their longest cell but never narrower than Kafka has them; a table of offsets or states
begins with a line break and ends without one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from ottla.cli.group_requests import GroupDescription, GroupListing, GroupMember
from ottla.types import TopicPartition

MISSING = "-"
"""What stands for a value that there is not."""

_NARROW = 15
_INSTANCE_WIDTH = 17
_ASSIGNMENT_WIDTH = 20
_COORDINATOR_WIDTH = 25
_LIST_GAP = 10


@dataclass(frozen=True, slots=True)
class OffsetRow:
    """How far a group is in a partition, and the member that reads it; None for what is not known."""

    group_id: str
    partition: TopicPartition
    offset: int | None = None
    leader_epoch: int | None = None
    end_offset: int | None = None
    member_id: str = MISSING
    host: str = MISSING
    client_id: str = MISSING

    @property
    def lag(self) -> int | None:
        """How many records are left to be read."""
        if self.offset is None or self.end_offset is None or self.offset == -1:
            return None
        return self.end_offset - self.offset


def group_list(groups: Sequence[GroupListing], *, with_type: bool, with_state: bool) -> str:
    """Return the table of groups with their types, states or both."""
    width = max((len(group.group_id) for group in groups), default=0)
    widths = [max(_NARROW, width) + _LIST_GAP]
    rows = [["GROUP"], *([group.group_id] for group in groups)]
    if with_type:
        widths.append(20)
        rows = _with_column(rows, ["TYPE", *(group.type or "Unknown" for group in groups)])
    if with_state:
        widths.append(20)
        rows = _with_column(rows, ["STATE", *(group.state or "Unknown" for group in groups)])
    return "".join(_row(row, widths) + "\n" for row in rows)


def _with_column(rows: list[list[str]], column: Sequence[str]) -> list[list[str]]:
    return [[*row, cell] for row, cell in zip(rows, column, strict=True)]


def offset_table(rows: Sequence[OffsetRow], *, verbose: bool) -> str:
    """Return the table of how far a group is."""
    names = ["GROUP", "TOPIC", "PARTITION", "CURRENT-OFFSET", "LOG-END-OFFSET", "LAG"]
    names += ["CONSUMER-ID", "HOST", "CLIENT-ID"]
    widths = [
        _width(row.group_id for row in rows),
        _width(row.partition.topic for row in rows),
        10,
        _NARROW,
        _NARROW,
        _NARROW,
        _width(row.member_id for row in rows),
        _width(row.host for row in rows),
        0,
    ]
    cells = [names, *map(_offset_cells, rows)]
    if verbose:
        widths.insert(3, _NARROW)
        epochs = ["LEADER-EPOCH", *(_or_missing(row.leader_epoch) for row in rows)]
        cells = [[*row[:3], epoch, *row[3:]] for row, epoch in zip(cells, epochs, strict=True)]
    return "".join("\n" + _row(row, widths) for row in cells)


def _offset_cells(row: OffsetRow) -> list[str]:
    return [
        row.group_id,
        row.partition.topic,
        str(row.partition.partition),
        _or_missing(row.offset),
        _or_missing(row.end_offset),
        _or_missing(row.lag),
        row.member_id,
        row.host,
        row.client_id,
    ]


def member_table(group: GroupDescription, *, is_shown: bool, verbose: bool) -> str:
    """Return the table of a group's members; where it is not to be shown, the columns are as for an empty one."""
    measured = group.members if is_shown else ()
    has_instances = any(member.instance_id for member in measured)
    kinds = {member.is_upgraded for member in measured}
    is_mixed = {True, False} <= kinds
    widths = [
        _width([group.group_id] if measured else []),
        _width(member.member_id for member in measured),
        _width((member.instance_id or "" for member in measured), _INSTANCE_WIDTH),
        _width(member.host for member in measured),
        _width(member.client_id for member in measured),
        _NARROW,
    ]
    names = ["GROUP", "CONSUMER-ID", "GROUP-INSTANCE-ID", "HOST", "CLIENT-ID", "#PARTITIONS"]
    rows = [names, *(_member_cells(group.group_id, member) for member in group.members)]
    if not has_instances:
        del widths[2]
        rows = [[*row[:2], *row[3:]] for row in rows]
    lines = [_row(row, widths) + " " for row in rows]
    if verbose:
        more = _assignment_columns(group, measured, is_mixed=is_mixed)
        lines = [line + columns for line, columns in zip(lines, more, strict=True)]
    return "\n" + "".join(line + "\n" for line in lines)


def _member_cells(group_id: str, member: GroupMember) -> list[str]:
    count = str(len(set(member.assignment)))
    return [group_id, member.member_id, member.instance_id or "", member.host, member.client_id, count]


def _assignment_columns(
    group: GroupDescription, measured: Sequence[GroupMember], *, is_mixed: bool
) -> list[str]:
    widths = [
        _NARROW,
        _width((_assignment(member.assignment) for member in measured), _ASSIGNMENT_WIDTH),
        _NARROW,
        _width((_assignment(member.target_assignment) for member in measured), _ASSIGNMENT_WIDTH),
    ]
    rows = [["CURRENT-EPOCH", "CURRENT-ASSIGNMENT", "TARGET-EPOCH", "TARGET-ASSIGNMENT", "UPGRADED"]]
    rows += [
        [
            _or_missing(member.member_epoch),
            _assignment(member.assignment),
            _or_missing(group.target_epoch),
            _assignment(member.target_assignment),
            MISSING if member.is_upgraded is None else str(member.is_upgraded).lower(),
        ]
        for member in group.members
    ]
    if is_mixed:
        return [_row(row, [*widths, 0]) for row in rows]
    return [_row(row[:-1], widths) for row in rows]


def _assignment(partitions: Iterable[TopicPartition]) -> str:
    """Return partitions as in `topicA:0,1;topicB:2`."""
    ordered = sorted(set(partitions))
    topics = [
        f"{topic}:{','.join(str(each.partition) for each in found)}"
        for topic, found in groupby(ordered, key=lambda each: each.topic)
    ]
    return ";".join(sorted(topics)) or MISSING


def state_table(group: GroupDescription, *, verbose: bool) -> str:
    """Return the table of one group's state."""
    node = group.coordinator
    coordinator = f"{node.host}:{node.port}  ({node.node_id})"
    names = ["GROUP", "COORDINATOR (ID)", "ASSIGNMENT-STRATEGY", "STATE"]
    cells = [group.group_id, coordinator, group.assignor or MISSING, group.state]
    widths = [max(_NARROW, len(group.group_id)), max(_COORDINATOR_WIDTH, len(coordinator)), 20, 20]
    if verbose:
        names += ["GROUP-EPOCH", "TARGET-ASSIGNMENT-EPOCH"]
        cells += [_or_missing(group.group_epoch), _or_missing(group.target_epoch)]
        widths += [_NARROW, 25]
    names.append("#MEMBERS")
    cells.append(str(len(group.members)))
    return "".join("\n" + _row(row, [*widths, 0]) for row in (names, cells))


def reset_table(groups: Iterable[tuple[str, Iterable[tuple[TopicPartition, int]]]]) -> str:
    """Return the table of new offsets; nothing where there are no groups."""
    found = list(groups)
    rows = [["GROUP", "TOPIC", "PARTITION", "NEW-OFFSET"]] if found else []
    rows += [
        [group_id, partition.topic, str(partition.partition), str(offset)]
        for group_id, offsets in found
        for partition, offset in offsets
    ]
    return "".join("\n" + _row(row, [30, 30, 10, 15]) for row in rows)


def deletion_table(results: Iterable[tuple[TopicPartition, str]]) -> str:
    """Return the table of what became of deleted offsets; a partition below 0 stands for its whole topic."""
    found = sorted(results, key=lambda result: f"{result[0].topic}{result[0].partition}")
    widths = [_width(partition.topic for partition, _ in found), 10, 15]
    rows = [["TOPIC", "PARTITION", "STATUS"]]
    rows += [
        [partition.topic, str(partition.partition) if partition.partition >= 0 else MISSING, status]
        for partition, status in found
    ]
    return "".join("\n" + _row(row, widths) for row in rows)


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return " ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))


def _width(cells: Iterable[str], narrowest: int = _NARROW) -> int:
    return max([narrowest, *map(len, cells)])


def _or_missing(value: int | None) -> str:
    return MISSING if value is None else str(value)
