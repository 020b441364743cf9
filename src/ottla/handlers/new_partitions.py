"""When a request that makes partitions is answered: once they are there, or before that where they are many.

Kafka answers as soon as the metadata log has them and makes their directories afterwards, so that a client which
produces at once is told NOT_LEADER_OR_FOLLOWER and asks again. Ottla spares it that while the wait is short.
"""

from __future__ import annotations

from typing import TypeVar

from ottla.completion import Completion
from ottla.partitions.partition_set import PartitionSet

T = TypeVar("T")

AWAITED_PARTITIONS = 100
"""New partitions that an answer waits for at most. They take some tens of ms, a thousand of them half a second to two,
all of it the file system's; after a thousand Kafka's answer comes within half a second."""


def once_there(results: Completion[T], partitions: PartitionSet) -> Completion[T]:
    """Return the results of a change of the metadata when the partitions that it makes can be used.

    Where more are being made than `AWAITED_PARTITIONS` the results are returned as soon as they are there.
    """

    def wait(changed: T) -> Completion[T]:
        if partitions.creating_count > AWAITED_PARTITIONS:
            return Completion.resolved(changed)
        return partitions.when_created().map(lambda _: changed)

    return results.then(wait)
