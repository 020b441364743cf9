"""What every client must find: the facts of each behaviour, and what must lie on the broker's disk after it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ottla.records.batch import BatchHeader, iterate_batches
from ottla.records.compression import Codec
from tests.system.clients.table import Client

Facts = dict[str, Any]

RECORD_COUNT = 500
# The default of max.message.bytes is 1048588; 72 of these bytes are the batch's and the record's own.
LARGEST_VALUE_BYTES = 1_048_516

MESSAGE_TOO_LARGE = 10
UNKNOWN_TOPIC_OR_PARTITION = 3
OFFSET_OUT_OF_RANGE = 1
INVALID_TOPIC_EXCEPTION = 17
TOPIC_ALREADY_EXISTS = 36
INVALID_PARTITIONS = 37
INVALID_CONFIG = 40
TRANSACTIONAL_ID_AUTHORIZATION_FAILED = 53
GROUP_ID_NOT_FOUND = 69

TOGETHER = {
    "range": [["a-0", "a-1", "b-0", "b-1"], ["a-2", "b-2"]],
    "roundrobin": [["a-0", "a-2", "b-1"], ["a-1", "b-0", "b-2"]],
}
"""How two members share a-0 to b-2; the sticky assignors promise three each and no more."""

ALL_PARTITIONS = ["a-0", "a-1", "a-2", "b-0", "b-1", "b-2"]


def numbers(first: int, end: int) -> list[str]:
    """Return the values of records that are numbered."""
    return [str(number) for number in range(first, end)]


def _contents(_: str) -> Facts:
    headers = [["trace", "00ff"], ["trace", ""], ["näme", b"value".hex()]]
    contents = [(b"key".hex(), b"value".hex(), headers), ("", None, []), (None, "", [])]
    return {
        "offsets": [0, 1, 2],
        "records": [
            {"offset": at, "key": key, "value": value, "headers": sent, "timestamp": 1_700_000_000_123 + at}
            for at, (key, value, sent) in enumerate(contents)
        ],
    }


def _compression(_: str) -> Facts:
    return {
        "produced": list(range(RECORD_COUNT)),
        "consumed": list(range(RECORD_COUNT)),
        "values": [f"value {number} " * 20 for number in range(RECORD_COUNT)],
    }


def _manual_commits(_: str) -> Facts:
    return {"first": numbers(0, 6), "committed": 4, "metadata": "a note", "second": numbers(4, 10)}


def _assignor(variant: str) -> Facts:
    facts = {"protocol": variant, "state": "Stable", "members": 2, "alone": ALL_PARTITIONS, "sizes": [3, 3]}
    if variant in TOGETHER:
        facts |= {"together": TOGETHER[variant], "sizes": [len(each) for each in TOGETHER[variant]]}
    return facts


EXPECTED: Mapping[str, Callable[[str], Facts]] = {
    "contents": _contents,
    "null-headers": lambda _: {"headers": [["none", None], ["empty", ""]]},
    "compression": _compression,
    "acks": lambda _: {"values": ["value"]},
    "idempotence": lambda _: {"values": numbers(0, RECORD_COUNT)},
    "large": lambda _: {
        "taken": 0,
        "refused": MESSAGE_TOO_LARGE,
        "after": 1,
        "sizes": [LARGEST_VALUE_BYTES, 5],
    },
    "refusals": lambda _: {
        "described": UNKNOWN_TOPIC_OR_PARTITION,
        "produced": UNKNOWN_TOPIC_OR_PARTITION,
        "invalid_name": INVALID_TOPIC_EXCEPTION,
    },
    "seek": lambda _: {
        "ends": [0, 100],
        "at_42": numbers(42, 45),
        "by_time": [51, 1_051_000],
        "after_the_last": None,
        "beginning": ["0"],
        "end": ["last"],
        "reset": ["0"],
    },
    "manual-commits": _manual_commits,
    "consumer-protocol": _manual_commits,
    "automatic-commits": lambda _: {"first": numbers(0, 10), "committed": 10, "second": ["10"]},
    "partitions": lambda _: {
        "taken": [[str(number) for number in range(at, 30, 3)] for at in range(3)],
        "committed": [10, 10, 10],
        "rest": [["30"], ["31"], ["32"]],
    },
    "assignor": _assignor,
    "topics": lambda _: {
        "partitions": [2, 4],
        "again": TOPIC_ALREADY_EXISTS,
        "fewer": INVALID_PARTITIONS,
        "listed": [True, False],
        "deleted_again": UNKNOWN_TOPIC_OR_PARTITION,
    },
    "configs": lambda _: {
        "created": ["60000", "604800000"],
        "altered": ["60000", "2000000"],
        "invalid": INVALID_CONFIG,
    },
    "groups": lambda _: {
        "listed": [True, False],
        "state": "Empty",
        "offset": 5,
        "deleted_again": GROUP_ID_NOT_FOUND,
    },
    "resets": lambda _: {"set": [7, "7"], "first": [0, "0"], "last": [10, "10"]},
    "offsets": lambda _: {"altered": [1, "moved"], "left": 0},
    "records": lambda _: {"low_watermark": 3, "ends": [3, 5], "beyond": OFFSET_OUT_OF_RANGE},
    "cluster": lambda _: {"nodes": [1], "controller": 1, "cluster_id_length": 22},
    "transactions": lambda _: {"refused": TRANSACTIONAL_ID_AUTHORIZATION_FAILED},
}
"""The facts of each behaviour, by its variant."""

SERVED_BY_KAFKA: Mapping[str, Facts] = {"transactions": {"refused": 0}}
"""The facts of what Ottla refuses and Apache Kafka does: there the programs show that they ask rightly."""


def expected_facts(client: Client, behaviour: str, variant: str, broker_kind: str) -> Facts:
    """Return what the program of `client` must print of a broker of this kind."""
    if broker_kind == "kafka" and behaviour in SERVED_BY_KAFKA:
        return SERVED_BY_KAFKA[behaviour]
    facts = EXPECTED[behaviour](variant)
    for place, value in client.own.items():
        if place.split(".")[0] in {behaviour, f"{behaviour}:{variant}"}:
            facts[place.split(".")[1]] = value
    unspoken = {place.split(".")[1] for place in client.unspoken if place.split(".")[0] == behaviour}
    return {name: fact for name, fact in facts.items() if name not in unspoken}


def _stored_batches(data_dir: Path, topic: str) -> list[BatchHeader]:
    segment = data_dir / f"{topic}-0" / f"{0:020}.log"
    return [header for _, header in iterate_batches(segment.read_bytes())]


def _compressed_batches(batches: list[BatchHeader], variant: str) -> None:
    assert {header.codec for header in batches} == {Codec[variant.upper()]}
    assert len(batches) < RECORD_COUNT / 2


def _create_time_batches(batches: list[BatchHeader], _: str) -> None:
    assert not any(header.is_log_append_time for header in batches)


def _numbered_batches(batches: list[BatchHeader], variant: str) -> None:
    if variant != "-":
        _compressed_batches(batches, variant)
    assert len({header.producer_id for header in batches}) == 1
    assert batches[0].producer_id >= 0
    assert [header.base_sequence for header in batches] == [header.base_offset for header in batches]


ON_DISK: Mapping[str, Callable[[list[BatchHeader], str], None]] = {
    "contents": _create_time_batches,
    "compression": _compressed_batches,
    "idempotence": _numbered_batches,
}


def check_disk(behaviour: str, variant: str, data_dir: Path, topic: str) -> None:
    """Look at what the broker has stored, where a behaviour says something of that; raises AssertionError."""
    if behaviour in ON_DISK:
        ON_DISK[behaviour](_stored_batches(data_dir, topic), variant)
