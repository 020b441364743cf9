from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.groups import GroupBroker
from tests.support.scrape import Scrape, collected

from ottla.groups.metrics import GroupCollector

LAG = "kafka_consumergroup_lag"
COMMITTED = "kafka_consumergroup_current_offset"


@pytest.fixture
def broker(tmp_path: Path) -> GroupBroker:
    return GroupBroker(tmp_path / "data")


def look(broker: GroupBroker) -> Scrape:
    return collected([GroupCollector(broker.groups, broker.partitions)])


def test_lag_is_the_end_less_what_is_committed(broker: GroupBroker) -> None:
    broker.append("orders", *[b"x"] * 9)
    broker.commit("readers", orders=4)
    scrape = look(broker)
    place = {"consumergroup": "readers", "topic": "orders"}
    assert scrape.value(COMMITTED, partition="0", **place) == 4
    assert scrape.value(LAG, partition="0", **place) == 5
    assert scrape.value("kafka_consumergroup_lag_sum", **place) == 5
    broker.append("orders", b"x")
    assert look(broker).value(LAG, partition="0", **place) == 6


def test_an_offset_beyond_the_end_is_no_lag(broker: GroupBroker) -> None:
    broker.commit("readers", orders=100)
    assert look(broker).values(LAG, "topic") == {("orders",): 0}


def test_groups_are_counted_by_state_and_members(broker: GroupBroker) -> None:
    broker.commit("simple", orders=1)
    broker.form_group("stable")
    scrape = look(broker)
    assert scrape.value("kafka_coordinator_group_groupmetadatamanager_numgroups") == 2
    assert scrape.value("ottla_groups", state="Empty") == 1
    assert scrape.value("ottla_groups", state="Stable") == 1
    assert scrape.value("ottla_groups", state="PreparingRebalance") == 0
    assert scrape.values("ottla_consumergroup_state", "consumergroup", "state") == {
        ("simple", "Empty"): 1,
        ("stable", "Stable"): 1,
    }
    assert scrape.values("kafka_consumergroup_members", "consumergroup") == {("simple",): 0, ("stable",): 1}


def test_a_deleted_group_and_a_deleted_topic_are_gone(broker: GroupBroker) -> None:
    broker.commit("one", orders=1)
    broker.commit("two", orders=1)
    broker.groups.delete_groups(["one"])
    assert look(broker).values(COMMITTED, "consumergroup") == {("two",): 1}
    broker.delete_topic("orders")
    scrape = look(broker)
    assert scrape.values(COMMITTED, "consumergroup") == scrape.values(LAG, "consumergroup") == {}
    assert scrape.values("kafka_consumergroup_lag_sum", "topic") == {}


def test_groups_that_go_while_they_are_read_are_left_out(broker: GroupBroker) -> None:
    broker.commit("one", orders=1)
    for metric, readings in GroupCollector(broker.groups, broker.partitions).families():
        if metric.name == "ottla_groups":
            broker.groups.delete_groups(["one"])
        elif metric.name.startswith(("kafka_consumergroup", "ottla_consumergroup")):
            assert list(readings) == [], metric.name


def test_a_coordinator_that_has_stopped_has_no_groups(broker: GroupBroker) -> None:
    broker.commit("one", orders=1)
    broker.groups.stop()
    assert look(broker).value("kafka_coordinator_group_groupmetadatamanager_numgroups") == 0
