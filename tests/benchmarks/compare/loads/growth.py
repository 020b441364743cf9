"""How the cost of one small Produce grows with the partitions that there are, and with the connections.

One request is in flight at a time, and they go round all partitions or connections: what differs is how many there are.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from tests.benchmarks.compare.loads.connections import opened
from tests.benchmarks.compare.loads.names import cost_at, growth_at
from tests.benchmarks.compare.loads.raw import check_produced, produce_frame, produce_frames
from tests.benchmarks.compare.pipelining import pipeline_on
from tests.benchmarks.compare.run import Run, RunFailedError
from tests.benchmarks.compare.topics import check_records, make_topics, random_batch, topic_id
from tests.support.raw_client import RawClient

PARTITIONS = "partitions"
CONNECTIONS = "connections"
PARTITIONS_OF_A_TOPIC = 1_000
RECORD_BYTES = 100
SETTLING_S = 3.0
"""What a broker still does for partitions or connections that have just come is no cost of a request."""


def with_partitions(run: Run, *, counts: Sequence[int], requests: int) -> dict[str, float]:
    """Append one record a request, round all partitions, each of which has a record already."""
    batch = random_batch(1, RECORD_BYTES)
    asked = run.scaled(requests)
    made = 0
    costs: dict[int, float] = {}
    frames: list[bytes] = []
    with RawClient(run.port) as client:
        for count in counts:
            for name, partitions in _new_topics(run, made, count):
                make_topics(run.port, [name], partitions)
                more = produce_frames(client, topic_id(client, name), list(range(partitions)), batch)
                check_produced(pipeline_on(client.socket, more, len(more), 1))
                frames += more
            made = count
            time.sleep(SETTLING_S)
            # Every count of requests takes the same number of them from all over the partitions.
            chosen = frames[:: max(1, len(frames) // asked)]
            with run.measured() as cost:
                check_produced(pipeline_on(client.socket, chosen, asked, 1))
            costs[count] = cost.broker_cpu_s / asked * 1e6
    return _figures(counts, list(costs.values()), PARTITIONS)


def with_connections(run: Run, *, counts: Sequence[int], requests: int) -> dict[str, float]:
    """Append one record a request to one partition, round all connections."""
    make_topics(run.port, [run.name])
    frame = produce_frame(run.port, run.name, 0, random_batch(1, RECORD_BYTES))
    asked = run.scaled(requests)
    costs: list[float] = []
    for count in counts:
        with opened(run.port, count) as connections:
            time.sleep(SETTLING_S)
            with run.measured() as cost:
                for number in range(asked):
                    answer = pipeline_on(connections[number % count], [frame], 1, 1)
            check_produced(answer)
        costs.append(cost.broker_cpu_s / asked * 1e6)
    check_records(run.port, run.name, asked * len(counts))
    return _figures(counts, costs, CONNECTIONS)


def _new_topics(run: Run, made: int, count: int) -> Iterator[tuple[str, int]]:
    while made < count:
        partitions = min(count - made, PARTITIONS_OF_A_TOPIC)
        yield f"{run.name}-from-{made}", partitions
        made += partitions


def _figures(counts: Sequence[int], costs: Sequence[float], what: str) -> dict[str, float]:
    if not costs[0]:
        raise RunFailedError("too few requests to see their processor time")
    figures = {cost_at(count, what): cost for count, cost in zip(counts, costs, strict=True)}
    for count, cost in zip(counts[1:], costs[1:], strict=True):
        figures[growth_at(count, what)] = cost / costs[0]
    return figures
