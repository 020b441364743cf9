"""A broker whose disk fails now and then, by chance: what was acknowledged is there, what was refused may be.

Each seed is a workload of its own. Faults hit any operation below a part of the data directory for a few requests, then
the disk is well again. In the end the broker is started anew, and everything is compared with what clients were told.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest
from tests.support.faulty_files import FaultyFileSystem
from tests.support.live_broker import LiveBroker
from tests.support.plain_client import PlainClient
from tests.support.waiting import eventually

from ottla.errors import ErrorCode

SEEDS = range(20)
STEPS = 120
TOPICS = ("orders", "flushed")
GROUP = "readers"
PLACES = ("orders-0", "flushed-0", "__consumer_offsets", "__cluster_metadata")
OPERATIONS = ("pwrite", "fsync", "truncate", "create", "open", "write_file", "rename", "sync_directory")
ERRORS = (errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EMFILE)
REFUSALS = {ErrorCode.KAFKA_STORAGE_ERROR, ErrorCode.NOT_LEADER_OR_FOLLOWER}
COMMIT_REFUSALS = {
    ErrorCode.NOT_COORDINATOR,
    ErrorCode.COORDINATOR_NOT_AVAILABLE,
    ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
}
CREATE_REFUSALS = {ErrorCode.KAFKA_STORAGE_ERROR, ErrorCode.NOT_CONTROLLER}


@dataclass(slots=True)
class Told:
    """What the clients of one run were told."""

    values: dict[str, dict[int, bytes]] = field(default_factory=lambda: {topic: {} for topic in TOPICS})
    """Acknowledged values by their offsets."""
    sent: set[bytes] = field(default_factory=set)
    created: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    committed: int = -1
    tried: set[int] = field(default_factory=set)


def step(rng: Random, client: PlainClient, told: Told, number: int) -> None:
    """Do one thing that a client does, and remember what came of it."""
    kind = rng.choice(("produce", "produce", "produce", "commit", "create"))
    if kind == "produce":
        topic = rng.choice(TOPICS)
        value = b"%d:%s" % (number, b"x" * rng.choice((1, 100, 50_000)))
        told.sent.add(value)
        answer = client.produce(topic, value)
        if answer.error_code == ErrorCode.NONE:
            assert answer.base_offset not in told.values[topic], "an offset was given out twice"
            told.values[topic][answer.base_offset] = value
        else:
            assert answer.error_code in REFUSALS
    elif kind == "commit":
        told.tried.add(number)
        code = client.commit(GROUP, "orders", number)
        if code == ErrorCode.NONE:
            told.committed = number
            told.tried.clear()
        else:
            assert code in COMMIT_REFUSALS
    else:
        name = f"new-{number}"
        code = client.create_topic(name)
        (told.created if code == ErrorCode.NONE else told.refused).add(name)
        assert code in CREATE_REFUSALS | {ErrorCode.NONE}


def run_with_faults(rng: Random, live: LiveBroker, files: FaultyFileSystem) -> Told:
    """Let clients work while faults come and go."""
    told = Told()
    with live.client() as client:
        for topic in TOPICS:
            configs = {"flush_messages": "1"} if topic == "flushed" else {}
            assert client.create_topic(topic, segment_bytes="1048576", **configs) == ErrorCode.NONE
        client.wait_for_coordinator(GROUP)
        eventually(lambda: client.commit(GROUP, "orders", 0) == ErrorCode.NONE)
        told.committed = 0
        well_again_at = 0
        for number in range(1, STEPS):
            if number == well_again_at:
                files.heal()
            elif number > well_again_at and rng.random() < 0.15:
                place, operation = rng.choice(PLACES), rng.choice(OPERATIONS)
                files.fail_below(place, operation, number=rng.choice(ERRORS))
                well_again_at = number + rng.randint(1, 10)
            step(rng, client, told, number)
    files.heal()
    return told


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_acknowledged_outlives_a_disk_that_fails_now_and_then(tmp_path: Path, seed: int) -> None:
    rng = Random(seed)
    files = FaultyFileSystem()
    with LiveBroker(tmp_path, files) as live:
        told = run_with_faults(rng, live, files)
    assert not live.bugs.lines
    with LiveBroker(tmp_path, files) as live, live.client() as client:
        for topic, values in told.values.items():
            eventually(lambda topic=topic: client.end_offset(topic).error_code == ErrorCode.NONE)
            kept = client.read_all(topic)
            assert {offset: kept[offset] for offset in values} == values
            assert len(set(kept)) == len(kept)
            assert told.sent.issuperset(kept)
        for name in told.created:
            eventually(lambda name=name: client.end_offset(name).error_code == ErrorCode.NONE)
        for name in told.refused:
            assert client.metadata_codes(name) == []
        eventually(lambda: client.offset_fetch(GROUP, "orders").error_code == ErrorCode.NONE)
        assert client.committed_offset(GROUP, "orders") in {told.committed, *told.tried}
    assert not live.bugs.lines
