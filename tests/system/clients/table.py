"""Which clients are tried, and what each of them shows: the table behind `test_clients.py` and `docs/clients.md`.

A behaviour is a small piece of work that each client's program does in the client's own ways, and the facts that
come of it, which are the same for all of them (`expectations.py`). A program is called with the behaviour, its
variant or `-`, the broker's address and a name for topics and groups; it prints one line of JSON, the version of
the client and the facts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ottla.protocol.api import ApiKey

BEHAVIOURS: Mapping[str, str] = {
    "contents": "keys, values, headers, tombstones and timestamps come back as they were sent",
    "null-headers": "a header without a value comes back so, and one that is empty comes back empty",
    "compression": "500 records in few batches, stored in the compression that was asked for, come back in order",
    "acks": "every level of acknowledgement stores the record",
    "idempotence": "the batches of an idempotent producer are numbered without a gap",
    "large": "a record of the largest size is taken; one byte more is refused and does no harm",
    "refusals": "a topic that is not there and a name that no topic may have are refused with Kafka's codes",
    "seek": "positions by offset, time, beginning and end; an offset that is not there resets the position",
    "manual-commits": "a group continues at the offset that was committed, with its metadata",
    "consumer-protocol": "a group of the consumer protocol (KIP-848) continues at the offset that was committed",
    "automatic-commits": "a consumer that closes has committed what it has taken",
    "partitions": "a member takes three partitions, each in order, and commits them; the next one continues in each",
    "assignor": "two members share six partitions as the assignor says, and the last one takes them all",
    "topics": "topics are created, described, listed, grown and deleted; what cannot be done is refused",
    "configs": "topic configuration is described and altered, a wrong value is refused",
    "groups": "groups are listed, described and deleted, committed offsets are read",
    "resets": "a group without members is set to an offset, to the beginning and to the end, and continues there",
    "offsets": "an administrator alters and deletes what a group has committed",
    "records": "records are deleted up to an offset, beyond the end is refused",
    "cluster": "the broker, the controller and the cluster's id are described",
    "transactions": "a producer that asks for transactions, which Apache Kafka serves, is refused and gives up",
}
"""Each behaviour, in words for its users."""

NEEDED_APIS: Mapping[str, ApiKey] = {"consumer-protocol": ApiKey.CONSUMER_GROUP_HEARTBEAT}
"""Behaviours that a broker need not offer, by the API that tells."""

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
ACKS = ("0", "1", "all")
PLAIN = ("-",)


@dataclass(frozen=True, slots=True)
class Client:
    """A client: its program is `programs.PROGRAMS[name]`, its version is pinned where `pins.py` reads it."""

    name: str
    language: str
    behaviours: Mapping[str, tuple[str, ...]]
    """What it shows, and the variants of that."""
    omitted: Mapping[str, str] = field(default_factory=dict)
    """What others show and this client does not, with any broker, and why."""
    unspoken: Mapping[str, str] = field(default_factory=dict)
    """Facts, as `behaviour.fact`, that its interface has no words for, and why."""
    own: Mapping[str, object] = field(default_factory=dict)
    """Facts, as `behaviour.fact` or `behaviour:variant.fact`, that are this client's own way with any broker."""


def plain(*names: str) -> dict[str, tuple[str, ...]]:
    """Return behaviours that have no variants."""
    return dict.fromkeys(names, PLAIN)


ADMINISTRATION = plain("topics", "configs", "groups", "resets", "records", "cluster", "transactions")
CONSUMING = plain("seek", "manual-commits", "automatic-commits", "partitions")
ANY_ORDER = "it deals partitions in the order in which the broker lists them, which is any"

CLIENTS = (
    Client(
        "aiokafka",
        "Python",
        {
            **plain("contents", "idempotence", "large", "refusals"),
            "compression": CODECS,
            "acks": ACKS,
            **CONSUMING,
            "assignor": ("range", "roundrobin", "sticky"),
            **ADMINISTRATION,
            **plain("null-headers"),
        },
        omitted={"offsets": "its administration alters and deletes no committed offsets"},
        unspoken={
            "refusals.produced": "the producer waits for the topic until its time is over",
            "groups.deleted_again": "it deletes no groups",
        },
        own={"groups.listed": True},
    ),
    Client(
        "confluent-kafka",
        "C, librdkafka",
        {
            **plain("contents", "large", "refusals"),
            "idempotence": CODECS,
            "compression": CODECS,
            "acks": ACKS,
            **CONSUMING,
            "assignor": ("range", "roundrobin", "cooperative-sticky"),
            **ADMINISTRATION,
            **plain("null-headers", "consumer-protocol", "offsets"),
        },
        omitted={"assignor sticky": "it has the cooperative one alone"},
        unspoken={
            "refusals.produced": "its producer always asks for the topic to be created",
            "offsets.left": "it deletes no committed offsets",
        },
    ),
    Client(
        "franz-go",
        "Go",
        {
            **plain("contents", "idempotence", "large", "refusals"),
            "compression": CODECS,
            "acks": ACKS,
            **CONSUMING,
            "assignor": ("range", "roundrobin", "sticky", "cooperative-sticky"),
            **ADMINISTRATION,
            **plain("null-headers", "offsets"),
        },
    ),
    Client(
        "Java client",
        "Java",
        {
            **plain("contents", "idempotence", "large", "refusals"),
            "compression": CODECS,
            "acks": ACKS,
            **CONSUMING,
            "assignor": ("range", "roundrobin", "sticky", "cooperative-sticky"),
            **ADMINISTRATION,
            **plain("null-headers", "consumer-protocol", "offsets"),
        },
        unspoken={"refusals.produced": "its producer always asks for the topic to be created"},
    ),
    Client(
        "kafka-go",
        "Go",
        {
            **plain("contents", "large", "refusals"),
            "compression": CODECS,
            "acks": ACKS,
            **CONSUMING,
            "assignor": ("range", "roundrobin"),
            **plain("topics", "configs", "groups", "resets", "cluster", "transactions"),
            **plain("null-headers", "offsets"),
        },
        omitted={
            "idempotence": "its writer does not number its batches",
            "assignor sticky": "it has none",
            "records": "it has no request that deletes records",
        },
        unspoken={
            "seek.reset": "its reader waits where an offset is not there",
            "assignor.together": ANY_ORDER,
            "assignor.protocol": "it does not show the protocol of a group",
        },
        own={
            # It answers with the time that it was asked for, and has a reader that is set by time.
            "seek.by_time": [51, 1_050_500],
            "seek.set_by_time": ["51"],
            "assignor.sizes": [4, 2],
            # A header that is empty has no value to it.
            "null-headers.headers": [["none", None], ["empty", None]],
        },
    ),
    Client(
        "kafka-python",
        "Python",
        {
            **plain("contents", "idempotence", "large", "refusals"),
            "compression": CODECS,
            "acks": ACKS,
            **CONSUMING,
            "assignor": ("range", "roundrobin", "sticky", "cooperative-sticky"),
            **ADMINISTRATION,
            **plain("offsets"),
        },
        omitted={"null-headers": "it takes no header without a value"},
        unspoken={"refusals.produced": "its producer always asks for the topic to be created"},
    ),
    Client(
        "kafka-python 2",
        "Python",
        {
            **plain("contents", "idempotence", "large", "refusals"),
            "compression": CODECS,
            "acks": ("1", "all"),
            **CONSUMING,
            "assignor": ("range", "roundrobin", "sticky"),
            **ADMINISTRATION,
        },
        omitted={
            "acks 0": "the records never leave the client",
            "null-headers": "it takes no header without a value",
            "offsets": "its administration alters and deletes no committed offsets",
        },
        unspoken={"refusals.produced": "the producer waits for the topic until its time is over"},
    ),
    Client(
        "kafkajs",
        "JavaScript",
        {
            **plain("contents", "idempotence", "large", "refusals"),
            "compression": CODECS,
            "acks": ACKS,
            **CONSUMING,
            "assignor": ("roundrobin",),
            **ADMINISTRATION,
        },
        omitted={
            "assignor range and sticky": "it has none of them",
            "null-headers": "it takes no header without a value",
            "offsets": "its administration sets offsets without metadata, and deletes none",
        },
        unspoken={
            "assignor.together": ANY_ORDER,
            "records.low_watermark": "it tells only whether the records were deleted",
        },
        own={
            # It answers without times, and with the end where nothing is as young.
            "seek.by_time": 51,
            "seek.after_the_last": 100,
            "assignor.protocol": "RoundRobinAssigner",
            "topics.again": False,
            # What it commits for the beginning and the end until it is asked to resolve them.
            "resets.signs": [-2, -1],
            "transactions.refused": "KafkaJSGroupCoordinatorNotFound",
        },
    ),
    Client(
        "sarama",
        "Go",
        {
            **plain("contents", "idempotence", "large", "refusals"),
            "compression": CODECS,
            "acks": ACKS,
            **CONSUMING,
            "assignor": ("range", "roundrobin", "sticky", "cooperative-sticky"),
            **ADMINISTRATION,
            **plain("null-headers", "offsets"),
        },
        unspoken={
            "seek.reset": "it refuses an offset that is not there before it asks the broker",
            "records.low_watermark": "it tells only whether the records were deleted",
            "cluster.cluster_id_length": "it does not show the id",
        },
    ),
)
"""The clients with programs here."""

TEST_MODULES: Mapping[str, tuple[str, str]] = {
    "Kafka's console tools": ("Java", "test_console_tools.py"),
}
"""Clients with test modules of their own: language and module; the names of the tests are what they show."""
