import pytest

from ottla.config.broker import embedded_broker_config
from ottla.config.option import ConfigError
from ottla.config.resolved import TopicConfig, TopicConfigs, resolve_topic_config
from ottla.config.topic_options import TOPIC_OPTIONS


def test_every_topic_option_has_an_attribute() -> None:
    of_the_broker = {"ottla_record_check"}
    options = {option.attribute for option in TOPIC_OPTIONS.values()}
    assert set(TopicConfig.__slots__) == options | of_the_broker


def test_a_topic_follows_the_broker_where_it_sets_nothing() -> None:
    broker = embedded_broker_config(
        {
            "log.retention.hours": "2",
            "log.roll.ms": "5",
            "message.max.bytes": "77",
            "log.flush.interval.ms": "3",
        }
    )
    topic = resolve_topic_config(broker, {})
    assert (topic.retention_ms, topic.segment_ms, topic.max_message_bytes) == (7_200_000, 5, 77)
    assert (topic.flush_ms, topic.segment_jitter_ms) == (3, 0)
    assert topic.cleanup_policy == frozenset({"delete"})


def test_a_topic_override_wins_and_is_typed() -> None:
    topic = resolve_topic_config(
        embedded_broker_config({"log.preallocate": "true"}),
        {
            "cleanup.policy": "compact, delete",
            "preallocate": "FALSE",
            "min.cleanable.dirty.ratio": ".5",
            "x": "y",
        },
    )
    assert topic.cleanup_policy == {"compact", "delete"}
    assert topic.preallocate is False
    assert topic.min_cleanable_dirty_ratio == 0.5


def test_the_internal_segment_size_goes_below_the_limit() -> None:
    topic = resolve_topic_config(embedded_broker_config(), {"internal.segment.bytes": "100"})
    assert topic.segment_bytes == 100


def test_an_override_that_does_not_parse_is_refused() -> None:
    with pytest.raises(ConfigError):
        resolve_topic_config(embedded_broker_config(), {"retention.ms": "x"})


def test_topics_without_overrides_share_one_object_and_follow_the_broker() -> None:
    configs = TopicConfigs(embedded_broker_config({"log.retention.ms": "5"}))
    assert configs.of("a", {}) is configs.of("b", {}) is configs.default
    assert configs.of("c", {"retention.ms": "7"}).retention_ms == 7
    configs.forget("c")
    assert configs.of("c", {"retention.ms": "8"}).retention_ms == 8
    before = configs.default
    configs.follow(embedded_broker_config({"log.retention.ms": "5", "num.io.threads": "9"}))
    assert configs.default is before
    configs.follow(embedded_broker_config({"log.retention.ms": "6"}))
    assert configs.of("a", {}).retention_ms == 6
