"""The tables as such: complete, and each row says what it does."""

import pytest

from ottla.config.broker_options import BROKER_OPTIONS, LATER_OPTIONS, UNIT_GROUPS
from ottla.config.broker_quota_options import BROKER_QUOTA_OPTIONS
from ottla.config.client_metrics_options import CLIENT_METRICS_OPTIONS
from ottla.config.group_options import GROUP_OPTIONS
from ottla.config.option import Effect, Option
from ottla.config.topic_options import TOPIC_OPTIONS

ALL = [
    *BROKER_OPTIONS.values(),
    *BROKER_QUOTA_OPTIONS.values(),
    *CLIENT_METRICS_OPTIONS.values(),
    *GROUP_OPTIONS.values(),
    *TOPIC_OPTIONS.values(),
]


def test_the_tables_have_the_options_of_kafka_4_1_1() -> None:
    assert (len(BROKER_OPTIONS), len(TOPIC_OPTIONS), len(GROUP_OPTIONS)) == (336, 34, 10)
    assert (len(BROKER_QUOTA_OPTIONS), len(CLIENT_METRICS_OPTIONS)) == (3, 3)


def test_no_later_option_is_in_the_table() -> None:
    assert not set(LATER_OPTIONS) & set(BROKER_OPTIONS)


@pytest.mark.parametrize("option", ALL, ids=lambda option: f"{option.scope.value}:{option.name}")
def test_an_acting_option_is_documented_and_any_other_says_why_not(option: Option) -> None:
    if option.status.effect is Effect.ACTING:
        assert option.doc
    else:
        assert option.status.reason
        assert not option.doc


def test_synonyms_and_stand_ins_are_options() -> None:
    for option in ALL:
        assert set(option.synonyms) <= set(BROKER_OPTIONS)
        assert option.supplies is None or option.supplies in BROKER_OPTIONS
    for group in UNIT_GROUPS:
        assert set(group) <= set(BROKER_OPTIONS)
