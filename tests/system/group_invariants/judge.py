"""The invariants of a group, each a function from what was observed to the sentences that say how it is broken.

They hold whatever happens to members and broker: a generation gives every partition to one member, every acknowledged
record is read, in order within a generation, committed offsets never go back, and a static member that comes back in
time changes nothing.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise

from tests.system.group_invariants.observations import Assigned, Committed, Life, Observed, Read


def violations(observed: Observed) -> list[str]:
    """Return a sentence for everything that must not be; none is what a broker has to achieve."""
    return [sentence for invariant in INVARIANTS for sentence in invariant(observed)]


def _generations_only_rise(observed: Observed) -> Iterator[str]:
    for before, after in pairwise(observed.stored.generations):
        if after.generation < before.generation:
            yield f"generation {after.generation} was stored after {before.generation}"


def _a_stored_generation_gives_each_partition_to_one_member(observed: Observed) -> Iterator[str]:
    everything = list(range(observed.partition_count))
    for stored in observed.stored.generations:
        given = sorted(partition for member in stored.members for partition in member.partitions)
        if given != everything:
            yield f"generation {stored.generation} was stored with the partitions {given}"


def _a_generation_has_one_owner_for_each_partition(observed: Observed) -> Iterator[str]:
    owners: dict[tuple[int, int], str] = {}
    for life, assigned in _assignments(observed):
        for partition in assigned.partitions:
            owner = owners.setdefault((assigned.generation, partition), life.owner)
            if owner != life.owner:
                yield f"generation {assigned.generation}: {owner} and {life.owner} own partition {partition}"


def _members_are_told_what_is_stored(observed: Observed) -> Iterator[str]:
    stored = {
        (each.generation, member.member_id): member.partitions
        for each in observed.stored.generations
        for member in each.members
    }
    for life, assigned in _assignments(observed):
        kept = stored.get((assigned.generation, assigned.member_id))
        if kept != assigned.partitions:
            yield f"{life.owner} was told {assigned}, and stored is {kept}"


def _every_acknowledged_record_is_read(observed: Observed) -> Iterator[str]:
    seen: dict[int, set[int]] = {}
    for _, read in _reads(observed):
        seen.setdefault(read.partition, set()).update(offset for offset, _ in read.records)
    for partition, count in observed.acknowledged.items():
        missing = set(range(count)) - seen.get(partition, set())
        if missing:
            yield f"partition {partition}: nobody has read {len(missing)} records, the first is {min(missing)}"


def _reading_is_in_order(observed: Observed) -> Iterator[str]:
    """Within a life and a generation offsets follow each other, and each holds what was sent there."""
    ends: dict[tuple[int, int, int], int] = {}
    for life, read in _reads(observed):
        place = (life.number, read.generation, read.partition)
        for offset, number in read.records:
            expected = ends.get(place, offset)
            if (offset, number) != (expected, expected):
                where = f"{life.owner} in generation {read.generation}, partition {read.partition}"
                yield f"{where}: {number} was read at {offset}, {expected} is the next offset"
            ends[place] = offset + 1


def _an_owner_begins_where_the_group_has_committed(observed: Observed) -> Iterator[str]:
    """What was committed in an earlier generation, or in an earlier life of a static member, is not read again."""
    commits = [
        (event.generation, life.number, partition, offset)
        for life in observed.lives
        for event in life.events
        if isinstance(event, Committed)
        for partition, offset in event.offsets.items()
    ]
    begun: set[tuple[int, int, int]] = set()
    for life, read in _reads(observed):
        place = (read.generation, life.number, read.partition)
        if place in begun:
            continue
        begun.add(place)
        earlier = [
            offset
            for generation, number, partition, offset in commits
            if partition == read.partition and (generation, number) < place[:2]
        ]
        if read.records[0][0] < max(earlier, default=0):
            where = f"{life.owner} in generation {read.generation}, partition {read.partition}"
            yield f"{where}: begins at {read.records[0][0]}, but {max(earlier)} was committed before"


def _committed_offsets_never_go_back(observed: Observed) -> Iterator[str]:
    for partition, offsets in observed.stored.commits.items():
        for before, after in pairwise(offsets):
            if after < before:
                yield f"partition {partition}: offset {after} was committed after {before}"


def _acknowledged_commits_are_kept(observed: Observed) -> Iterator[str]:
    for life in observed.lives:
        for event in life.events:
            if isinstance(event, Committed):
                for partition, offset in event.offsets.items():
                    if offset not in observed.stored.commits.get(partition, ()):
                        yield f"{life.owner} has committed {offset} of partition {partition}, it is not stored"
    for partition, offsets in observed.stored.commits.items():
        if observed.committed.get(partition) != offsets[-1]:
            yield f"partition {partition}: {offsets[-1]} is stored, the broker says {observed.committed.get(partition)}"


def _a_static_member_comes_back_unnoticed(observed: Observed) -> Iterator[str]:
    for restart in observed.static_restarts:
        before, after = restart.before, restart.after
        if (before.generation, before.partitions) != (after.generation, after.partitions):
            yield f"{restart.instance_id} has restarted: {before} became {after}"


def _assignments(observed: Observed) -> Iterator[tuple[Life, Assigned]]:
    for life in observed.lives:
        yield from ((life, event) for event in life.events if isinstance(event, Assigned))


def _reads(observed: Observed) -> Iterator[tuple[Life, Read]]:
    for life in observed.lives:
        yield from ((life, event) for event in life.events if isinstance(event, Read))


INVARIANTS: tuple[Callable[[Observed], Iterator[str]], ...] = (
    _generations_only_rise,
    _a_stored_generation_gives_each_partition_to_one_member,
    _a_generation_has_one_owner_for_each_partition,
    _members_are_told_what_is_stored,
    _every_acknowledged_record_is_read,
    _reading_is_in_order,
    _an_owner_begins_where_the_group_has_committed,
    _committed_offsets_never_go_back,
    _acknowledged_commits_are_kept,
    _a_static_member_comes_back_unnoticed,
)
