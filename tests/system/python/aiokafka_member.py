"""aiokafka as a member of a group until its standard input ends: a line of JSON for each thing that it meets.

`assigned` has the member id and its partitions, `read` the records of one partition as offset and number,
`committed` the offsets that the broker has taken, `refused` what it has not; each has the generation.
"""

import asyncio
import json
import logging
import sys
import threading

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import KafkaConnectionError, KafkaError

REBALANCE_MS = 20_000
POLL_MS = 100
ASK_AGAIN_S = 0.1
# What was read since the last commit is read again by somebody when this member dies.
POLLS_FOR_A_COMMIT = 5
ASSIGNORS = {"range": RangePartitionAssignor, "roundrobin": RoundRobinPartitionAssignor}

assignor, bootstrap, name, session_timeout_ms, instance = sys.argv[1:]
# Lost connections are the subject here.
logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


class Member(ConsumerRebalanceListener):
    """The consumer and the generation that it was last assigned partitions in."""

    def __init__(self):
        self.generation = -1
        self.uncommitted = {}
        # The consumer joins generations beside everything else; it must not do so in the midst of a commit.
        self.committing = asyncio.Lock()
        self.consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap,
            group_id=name,
            group_instance_id=None if instance == "-" else instance,
            session_timeout_ms=int(session_timeout_ms),
            heartbeat_interval_ms=300,
            rebalance_timeout_ms=REBALANCE_MS,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            partition_assignment_strategy=[ASSIGNORS[assignor]],
        )

    def say(self, event, **facts):
        print(json.dumps({"event": event, "generation": self.generation, **facts}), flush=True)

    async def on_partitions_revoked(self, revoked):
        async with self.committing:
            self.uncommitted.clear()

    async def on_partitions_assigned(self, assigned):
        coordinator = self.consumer._coordinator
        self.generation = coordinator.generation
        self.say(
            "assigned", member=coordinator.member_id, partitions=sorted(each.partition for each in assigned)
        )

    async def read_once(self):
        for _ in range(POLLS_FOR_A_COMMIT):
            for partition, records in (await self.consumer.getmany(timeout_ms=POLL_MS)).items():
                placed = [(record.offset, int(record.value.split()[0])) for record in records]
                self.say("read", partition=partition.partition, records=placed)
                self.uncommitted[partition] = records[-1].offset + 1
        async with self.committing:
            if self.uncommitted:
                await self.consumer.commit(self.uncommitted)
                offsets = {each.partition: offset for each, offset in self.uncommitted.items()}
                self.say("committed", offsets=offsets)
                self.uncommitted.clear()


async def watch_input():
    """Return an event that is set when standard input ends, whatever becomes of the loop before."""
    ended, loop = asyncio.Event(), asyncio.get_running_loop()

    def watch():
        sys.stdin.read()
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=watch, daemon=True).start()
    return ended


async def start_while_the_broker_may_be_away(consumer):
    while True:
        try:
            return await consumer.start()
        except KafkaConnectionError:
            await asyncio.sleep(ASK_AGAIN_S)


async def main():
    input_ended = await watch_input()
    member = Member()
    await start_while_the_broker_may_be_away(member.consumer)
    member.consumer.subscribe([name], listener=member)
    while not input_ended.is_set():
        try:
            await member.read_once()
        except KafkaError as refused:
            member.say("refused", reason=repr(refused))
    await member.consumer.stop()


asyncio.run(main())
