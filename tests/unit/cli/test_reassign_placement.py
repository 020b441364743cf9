from collections import Counter
from random import Random

import pytest

from ottla.cli.reassign_placement import place_replicas
from ottla.client.failures import ApiError

RACKS = {1: "a", 2: "a", 3: "b", 4: "b", 5: "c", 6: "c"}


@pytest.mark.parametrize("seed", range(20))
def test_replicas_are_spread_over_racks_and_leaders_over_brokers(seed: int) -> None:
    placements = place_replicas(RACKS, 12, 3, Random(seed))
    for replicas in placements:
        assert len(set(replicas)) == 3
        assert {RACKS[each] for each in replicas} == {"a", "b", "c"}
    leaders = Counter(RACKS[replicas[0]] for replicas in placements)
    assert set(leaders.values()) == {4}


@pytest.mark.parametrize("seed", range(20))
def test_brokers_without_racks_lead_in_turn(seed: int) -> None:
    placements = place_replicas(dict.fromkeys((3, 1, 2)), 3, 2, Random(seed))
    assert {replicas[0] for replicas in placements} == {1, 2, 3}
    assert all(len(set(replicas)) == 2 for replicas in placements)


def test_a_broker_alone_has_everything() -> None:
    assert place_replicas({1: None}, 3, 1, Random(0)) == [(1,), (1,), (1,)]


def test_more_replicas_than_brokers_cannot_be() -> None:
    with pytest.raises(ApiError) as caught:
        place_replicas({1: None}, 1, 2, Random(0))
    assert str(caught.value) == (
        "The target replication factor of 2 cannot be reached because only 1 broker(s) are registered."
    )
    with pytest.raises(ApiError, match="All brokers are currently fenced"):
        place_replicas({}, 1, 1, Random(0))
