import pytest

from ottla.cli.failures import ToolError
from ottla.cli.metadata_quorum_report import Quorum, Replica, replication, status, table
from ottla.types import ZERO_UUID, Uuid

DIRECTORY = Uuid(bytes(15) + b"\x07")
LEADER = Replica(1, DIRECTORY, 100, 5000, 5000)
FOLLOWER = Replica(2, ZERO_UUID, 90, 4000, 3000)
OBSERVER = Replica(3, ZERO_UUID, 95)


def quorum(*voters: Replica, observers: tuple[Replica, ...] = ()) -> Quorum:
    endpoints = {1: ["CONTROLLER://localhost:9093", "OTHER://[::1]:1"], 2: []}
    return Quorum(1, 4, 99, voters, observers, endpoints)


def test_the_summary_names_voters_with_what_is_known_of_them() -> None:
    assert status(quorum(FOLLOWER, LEADER, observers=(OBSERVER,)), "cluster") == (
        "ClusterId:              cluster\n"
        "LeaderId:               1\n"
        "LeaderEpoch:            4\n"
        "HighWatermark:          99\n"
        "MaxFollowerLag:         10\n"
        "MaxFollowerLagTimeMs:   2000\n"
        'CurrentVoters:          [{"id": 2}, {"id": 1, "directoryId": "AAAAAAAAAAAAAAAAAAAABw", '
        '"endpoints": ["CONTROLLER://localhost:9093", "OTHER://[::1]:1"]}]\n'
        'CurrentObservers:       [{"id": 3}]\n'
    )


def test_a_leader_alone_does_not_lag_and_an_unknown_lag_is_minus_one() -> None:
    assert "MaxFollowerLagTimeMs:   0\n" in status(quorum(LEADER), "c")
    assert "MaxFollowerLagTimeMs:   -1\n" in status(quorum(LEADER, Replica(2, ZERO_UUID, 1)), "c")


def test_replicas_are_shown_by_role() -> None:
    lines = replication(quorum(FOLLOWER, LEADER, observers=(OBSERVER,))).splitlines()
    assert [line.split() for line in lines] == [
        [
            "NodeId",
            "DirectoryId",
            "LogEndOffset",
            "Lag",
            "LastFetchTimestamp",
            "LastCaughtUpTimestamp",
            "Status",
        ],
        ["1", "AAAAAAAAAAAAAAAAAAAABw", "100", "0", "5000", "5000", "Leader"],
        ["2", "AAAAAAAAAAAAAAAAAAAAAA", "90", "10", "4000", "3000", "Follower"],
        ["3", "AAAAAAAAAAAAAAAAAAAAAA", "95", "5", "-1", "-1", "Observer"],
    ]
    assert all(line.endswith("\t") for line in lines)


def test_times_may_be_shown_as_how_long_ago_they_were() -> None:
    assert "\t500 ms ago        \t500 ms ago           \tLeader" in replication(quorum(LEADER), now_ms=5500)
    with pytest.raises(ToolError, match="Current timestamp is 4999, last fetch timestamp is 5000"):
        replication(quorum(LEADER), now_ms=4999)


def test_a_quorum_without_its_leader_cannot_be_described() -> None:
    with pytest.raises(ToolError) as caught:
        status(quorum(FOLLOWER), "c")
    assert caught.value.java_text() == "java.util.NoSuchElementException: No value present"


def test_every_cell_of_a_table_ends_with_a_tab() -> None:
    assert table(("a", "b"), [("long", "c")]) == "a   \tb\t\nlong\tc\t\n"
