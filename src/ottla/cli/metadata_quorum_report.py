"""What kafka-metadata-quorum prints of the quorum, as texts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ottla.cli.failures import ToolError
from ottla.types import ZERO_UUID, Uuid, uuid_to_text

_NEVER = -1
_HEADERS = (
    "NodeId",
    "DirectoryId",
    "LogEndOffset",
    "Lag",
    "LastFetchTimestamp",
    "LastCaughtUpTimestamp",
    "Status",
)


@dataclass(frozen=True, slots=True)
class Replica:
    """A replica of the metadata log. Times are in ms, -1 where they are not known."""

    node_id: int
    directory_id: Uuid
    log_end_offset: int
    last_fetch_ms: int = _NEVER
    last_caught_up_ms: int = _NEVER


@dataclass(frozen=True, slots=True)
class Quorum:
    """The metadata quorum; `endpoints` are texts such as `CONTROLLER://localhost:9093` by node id."""

    leader_id: int
    leader_epoch: int
    high_watermark: int
    voters: tuple[Replica, ...]
    observers: tuple[Replica, ...]
    endpoints: Mapping[int, Sequence[str]]

    @property
    def leader(self) -> Replica:
        """The voter that leads; raises the failure of Java's Optional where there is none."""
        for voter in self.voters:
            if voter.node_id == self.leader_id:
                return voter
        raise ToolError("java.util.NoSuchElementException", "No value present")


def status(quorum: Quorum, cluster_id: str) -> str:
    """Return the summary, a line each."""
    leader = quorum.leader
    slowest = min(quorum.voters, key=lambda voter: voter.log_end_offset)
    values = {
        "ClusterId": cluster_id,
        "LeaderId": str(quorum.leader_id),
        "LeaderEpoch": str(quorum.leader_epoch),
        "HighWatermark": str(quorum.high_watermark),
        "MaxFollowerLag": str(leader.log_end_offset - slowest.log_end_offset),
        "MaxFollowerLagTimeMs": str(_lag_ms(leader, slowest)),
        "CurrentVoters": _shown_replicas(quorum, quorum.voters),
        "CurrentObservers": _shown_replicas(quorum, quorum.observers),
    }
    return "".join(f"{name + ':':<24}{value}\n" for name, value in values.items())


def _lag_ms(leader: Replica, slowest: Replica) -> int:
    if leader is slowest:
        return 0
    if _NEVER in {leader.last_caught_up_ms, slowest.last_caught_up_ms}:
        return -1
    return leader.last_caught_up_ms - slowest.last_caught_up_ms


def _shown_replicas(quorum: Quorum, replicas: Iterable[Replica]) -> str:
    return f"[{', '.join(_shown(replica, quorum.endpoints) for replica in replicas)}]"


def _shown(replica: Replica, endpoints: Mapping[int, Sequence[str]]) -> str:
    parts = [f'"id": {replica.node_id}']
    if replica.directory_id != ZERO_UUID:
        parts.append(f'"directoryId": "{uuid_to_text(replica.directory_id)}"')
    found = endpoints.get(replica.node_id)
    if found:
        quoted = ", ".join(f'"{endpoint}"' for endpoint in found)
        parts.append(f'"endpoints": [{quoted}]')
    return f"{{{', '.join(parts)}}}"


def replication(quorum: Quorum, *, now_ms: int | None = None) -> str:
    """Return the table of replicas; with `now_ms` times are shown as how long ago they were.

    Raises ToolError for a time that is yet to come.
    """
    leader = quorum.leader
    rows = [_replica_row(leader, leader, "Leader", now_ms)]
    rows += [
        _replica_row(leader, each, "Follower", now_ms)
        for each in quorum.voters
        if each.node_id != leader.node_id
    ]
    rows += [_replica_row(leader, each, "Observer", now_ms) for each in quorum.observers]
    return table(_HEADERS, rows)


def _replica_row(leader: Replica, replica: Replica, role: str, now_ms: int | None) -> list[str]:
    return [
        str(replica.node_id),
        uuid_to_text(replica.directory_id),
        str(replica.log_end_offset),
        str(leader.log_end_offset - replica.log_end_offset),
        _shown_time(replica.last_fetch_ms, "last fetch", now_ms),
        _shown_time(replica.last_caught_up_ms, "last caught up", now_ms),
        role,
    ]


def _shown_time(time_ms: int, what: str, now_ms: int | None) -> str:
    if time_ms == _NEVER or now_ms is None:
        return str(time_ms)
    if not 0 < time_ms <= now_ms:
        raise ToolError(
            "org.apache.kafka.common.KafkaException",
            "Error while computing relative time, possible drift in system clock.\n"
            f"Current timestamp is {now_ms}, {what} timestamp is {time_ms}",
        )
    return f"{now_ms - time_ms} ms ago"


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as Kafka's `ToolsUtils.prettyPrintTable` lays it out: a tab behind every cell."""
    widths = [max(map(len, column)) for column in zip(headers, *rows, strict=True)]
    lines = (
        "".join(f"{cell:<{width}}\t" for cell, width in zip(row, widths, strict=True))
        for row in (headers, *rows)
    )
    return "".join(line + "\n" for line in lines)
