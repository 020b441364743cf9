"""kafka-python as a member of a group until its standard input ends: a line of JSON for each thing that it meets.

`assigned` has the member id and its partitions, `read` the records of one partition as offset and number,
`committed` the offsets that the broker has taken, `refused` what it has not; each has the generation.
"""

import contextlib
import json
import logging
import sys
import threading

from kafka import ConsumerRebalanceListener, KafkaConsumer, OffsetAndMetadata
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.errors import KafkaError

REBALANCE_MS = 20_000
# Where a leader has heard of its topic too late, it joins a second time. kafka-python 3 forgets that join, and sends no
# heartbeat any more, when a `poll` times out meanwhile; this is longer than a join takes.
POLL_MS = 2_000
# What was read since the last commit is read again by somebody when this member dies.
POLLS_FOR_A_COMMIT = 5
ASSIGNORS = {"range": RangePartitionAssignor, "roundrobin": RoundRobinPartitionAssignor}

assignor, bootstrap, name, session_timeout_ms, instance = sys.argv[1:]
generation = -1
uncommitted = {}
input_ended = threading.Event()
# Lost connections are the subject here.
logging.getLogger("kafka").setLevel(logging.CRITICAL)


def say(event, **facts):
    print(json.dumps({"event": event, "generation": generation, **facts}), flush=True)


def watch_input():
    sys.stdin.read()
    input_ended.set()


class Assigned(ConsumerRebalanceListener):
    def on_partitions_revoked(self, revoked):
        uncommitted.clear()

    def on_partitions_assigned(self, assigned):
        global generation  # noqa: PLW0603 - a program of one page
        group = consumer.group_metadata()
        generation = group.generation_id
        say("assigned", member=group.member_id, partitions=[each.partition for each in assigned])


def read_once():
    for _ in range(POLLS_FOR_A_COMMIT):
        if input_ended.is_set():
            break
        for partition, records in consumer.poll(timeout_ms=POLL_MS).items():
            placed = [(record.offset, int(record.value.split()[0])) for record in records]
            say("read", partition=partition.partition, records=placed)
            uncommitted[partition] = OffsetAndMetadata(records[-1].offset + 1, "", -1)
    if uncommitted:
        consumer.commit(uncommitted, timeout_ms=REBALANCE_MS)
        say("committed", offsets={each.partition: place.offset for each, place in uncommitted.items()})
        uncommitted.clear()


def open_while_the_broker_may_be_away():
    while True:
        with contextlib.suppress(KafkaError):  # it has tried for some time
            return KafkaConsumer(
                bootstrap_servers=bootstrap,
                group_id=name,
                group_instance_id=None if instance == "-" else instance,
                session_timeout_ms=int(session_timeout_ms),
                heartbeat_interval_ms=300,
                max_poll_interval_ms=REBALANCE_MS,
                auto_offset_reset="earliest",
                enable_auto_commit=False,
                partition_assignment_strategy=[ASSIGNORS[assignor]],
                reconnect_backoff_max_ms=200,
            )


threading.Thread(target=watch_input, daemon=True).start()
consumer = open_while_the_broker_may_be_away()
# A member that leads its group before it has heard of the topic would assign nothing to anyone.
consumer.subscribe([name], listener=Assigned())
while not consumer.partitions_for_topic(name):
    continue
while not input_ended.is_set():
    try:
        read_once()
    except KafkaError as refused:
        say("refused", reason=repr(refused))
with contextlib.suppress(KafkaError):
    consumer.close(autocommit=False)
