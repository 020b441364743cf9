"""Groups whose members come, go, die and come back, over a broker that is killed: the invariants of a group hold.

Each seed is a run of its own with real clients; `python -m tests.system.group_invariants --seeds 50` runs many. That
the judge of a run finds what is wrong is shown with observations that were spoilt on purpose.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.broker_process import RunningBroker
from tests.support.cached import PeerUnavailableError, skip_or_fail
from tests.system.group_invariants import disorder
from tests.system.group_invariants.judge import violations
from tests.system.group_invariants.observations import (
    Assigned,
    Committed,
    Life,
    Observed,
    Read,
    StaticRestart,
    Stored,
    StoredGeneration,
    StoredMember,
    is_cut,
    parse_event,
)

BROKER_PROPERTIES = disorder.BROKER_PROPERTIES
# Between them they have all clients, both assignors, every kind of event, and the broker killed.
SEEDS = (3, 4, 5)


@pytest.mark.java
@pytest.mark.parametrize("seed", SEEDS)
def test_the_invariants_hold_in_disorder(broker: RunningBroker, seed: int, tmp_path: Path) -> None:
    run = disorder.Disorder(seed, broker, tmp_path)
    try:
        observed = run.go()
    except PeerUnavailableError as missing:
        skip_or_fail("a member", missing)
    assert violations(observed) == [], run.events


FIRST, SECOND = frozenset({0}), frozenset({1})


def sound() -> Observed:
    """Return what is seen of two members and two partitions; the static one dies in generation 2 and comes back."""
    dynamic = Life(
        0,
        "a client",
        events=[
            Assigned(1, "d", FIRST | SECOND),
            Read(1, 0, ((0, 0), (1, 1))),
            Committed(1, {0: 1}),
            Assigned(2, "d", FIRST),
            Read(2, 0, ((1, 1), (2, 2))),
            Committed(2, {0: 3}),
        ],
    )
    static = Life(
        1, "a client", "s", [Assigned(2, "s-1", SECOND), Read(2, 1, ((0, 0),)), Committed(2, {1: 1})]
    )
    again = Life(2, "a client", "s", [Assigned(2, "s-2", SECOND), Read(2, 1, ((1, 1),))])
    generations = [
        StoredGeneration(1, (StoredMember("d", None, FIRST | SECOND),)),
        StoredGeneration(2, (StoredMember("d", None, FIRST), StoredMember("s-1", "s", SECOND))),
        StoredGeneration(2, (StoredMember("d", None, FIRST), StoredMember("s-2", "s", SECOND))),
    ]
    return Observed(
        2,
        [dynamic, static, again],
        {0: 3, 1: 2},
        Stored(generations, {0: [1, 3], 1: [1]}),
        {0: 3, 1: 1},
        [StaticRestart("s", Assigned(2, "s-1", SECOND), Assigned(2, "s-2", SECOND))],
    )


def older_generation(observed: Observed) -> None:
    observed.stored.generations.append(observed.stored.generations[0])


def left_out(observed: Observed) -> None:
    observed.stored.generations.append(StoredGeneration(3, (StoredMember("d", None, FIRST),)))


def given_twice(observed: Observed) -> None:
    observed.lives.append(Life(3, "a client", events=[Assigned(2, "x", SECOND)]))
    member = StoredMember("x", None, SECOND)
    observed.stored.generations[1:] = [StoredGeneration(2, (*observed.stored.generations[2].members, member))]


def told_otherwise(observed: Observed) -> None:
    observed.lives[2].events[0] = Assigned(2, "s-2", frozenset())


def not_stored(observed: Observed) -> None:
    observed.lives[0].events.append(Assigned(3, "d", FIRST | SECOND))


def never_read(observed: Observed) -> None:
    observed.lives[2].events.pop()


def skipped(observed: Observed) -> None:
    observed.lives[0].events[1] = Read(1, 0, ((0, 0), (2, 2)))


def other_content(observed: Observed) -> None:
    observed.lives[0].events[1] = Read(1, 0, ((0, 0), (1, 7)))


def before_the_commit(observed: Observed) -> None:
    observed.lives[0].events[4] = Read(2, 0, ((0, 0), (1, 1), (2, 2)))


def static_before_the_commit(observed: Observed) -> None:
    observed.lives[2].events[1] = Read(2, 1, ((0, 0), (1, 1)))


def gone_back(observed: Observed) -> None:
    observed.stored.commits[0].append(2)
    observed.committed = {0: 2, 1: 1}


def commit_lost(observed: Observed) -> None:
    observed.stored.commits[0].pop(0)


def told_another_commit(observed: Observed) -> None:
    observed.committed = {0: 3}


def rebalanced_for_a_static_member(observed: Observed) -> None:
    before = observed.static_restarts[0].before
    observed.static_restarts = [StaticRestart("s", before, Assigned(3, "s-2", SECOND))]


SPOILT: dict[Callable[[Observed], None], str] = {
    older_generation: "generation 1 was stored after 2",
    left_out: "generation 3 was stored with the partitions [0]",
    given_twice: "generation 2: s and life 3 own partition 1",
    told_otherwise: "s was told",
    not_stored: "life 0 was told",
    never_read: "partition 1: nobody has read 1 records, the first is 1",
    skipped: "partition 0: 2 was read at 2, 1 is the next offset",
    other_content: "partition 0: 7 was read at 1, 1 is the next offset",
    before_the_commit: "partition 0: begins at 0, but 1 was committed before",
    static_before_the_commit: "s in generation 2, partition 1: begins at 0, but 1 was committed before",
    gone_back: "partition 0: offset 2 was committed after 3",
    commit_lost: "life 0 has committed 1 of partition 0, it is not stored",
    told_another_commit: "partition 1: 1 is stored, the broker says None",
    rebalanced_for_a_static_member: "s has restarted",
}
"""What can be wrong, and the words by which the judge has to say so."""


def test_sound_observations_are_not_complained_of() -> None:
    assert violations(sound()) == []


@pytest.mark.parametrize(("spoil", "words"), SPOILT.items(), ids=[spoil.__name__ for spoil in SPOILT])
def test_what_is_wrong_is_found(spoil: Callable[[Observed], None], words: str) -> None:
    observed = sound()
    spoil(observed)
    assert any(words in sentence for sentence in violations(observed)), violations(observed)


def test_lines_that_tell_nothing_are_passed_over() -> None:
    assert parse_event("[2026-01-01] ERROR something") is None
    assert parse_event('{"facts":{},"version":"1.0"}') is None
    assert parse_event('{"event": "committed", "generation": 3, "offsets": {"7": 9}}') == Committed(3, {7: 9})


def test_a_line_that_was_cut_by_a_kill_is_known() -> None:
    line = '{"event": "committed", "generation": 3, "offsets": {"7": 9}}'
    assert [is_cut(line[:end]) for end in range(1, len(line))] == [True] * (len(line) - 1)
    assert not is_cut(line)
    assert not is_cut("[2026-01-01] ERROR something")
