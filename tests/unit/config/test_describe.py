"""The answers of Apache Kafka 4.1.1 to DescribeConfigs, kept in files, are ours as well."""

from pathlib import Path

from ottla.config.broker import embedded_broker_config, resolve_broker_config
from ottla.config.describe import (
    ConfigEntry,
    ConfigSource,
    TopicDescriber,
    describe_broker_config,
    describe_cluster_default,
    describe_created_topic,
)
from ottla.config.resolved import BrokerConfig
from ottla.config.sources import read_settings

HERE = Path(__file__).parent
SOURCE_NAMES = {
    ConfigSource.TOPIC: "DYNAMIC_TOPIC_CONFIG",
    ConfigSource.DYNAMIC_BROKER: "DYNAMIC_BROKER_CONFIG",
    ConfigSource.DYNAMIC_DEFAULT_BROKER: "DYNAMIC_DEFAULT_BROKER_CONFIG",
    ConfigSource.STATIC_BROKER: "STATIC_BROKER_CONFIG",
    ConfigSource.DEFAULT: "DEFAULT_CONFIG",
}


def described_config() -> BrokerConfig:
    return resolve_broker_config(
        read_settings((HERE / "described.properties").read_bytes(), "described.properties"),
        lambda: "own.example",
        dynamic_default={
            "log.retention.ms": "6000",
            "log.flush.interval.messages": "77",
            "min.insync.replicas": "1",
        },
        dynamic_broker={
            "log.retention.ms": "5000",
            "unknown.key": "5",
            "log.cleanup.policy": "delete,compact",
        },
    )


def printed(entry: ConfigEntry) -> str:
    synonyms = ";".join(
        f"{SOURCE_NAMES[s.source]}:{s.name}={s.value or null(s.value)}" for s in entry.synonyms
    )
    columns = (
        entry.name,
        null(entry.value),
        SOURCE_NAMES[entry.source],
        str(entry.read_only).lower(),
        str(entry.sensitive).lower(),
        entry.type.name,
        synonyms,
    )
    return "\t".join(columns)


def null(text: str | None) -> str:
    return "null" if text is None else text


def expected(name: str) -> list[str]:
    return (HERE / name).read_text().rstrip("\n").split("\n")


def test_the_broker_is_described_as_kafka_describes_itself() -> None:
    assert [printed(entry) for entry in describe_broker_config(described_config())] == expected(
        "described_broker.tsv"
    )


def test_the_cluster_default_shows_only_what_is_set_for_all_brokers() -> None:
    assert [printed(entry) for entry in describe_cluster_default(described_config())] == expected(
        "described_default.tsv"
    )


def test_a_topic_is_described_as_kafka_describes_it() -> None:
    overrides = {
        "segment.bytes": "2000000",
        "cleanup.policy": "compact,delete",
        "min.cleanable.dirty.ratio": "0.25",
        "preallocate": "TRUE",
    }
    assert [printed(entry) for entry in TopicDescriber(described_config()).describe(overrides)] == expected(
        "described_topic.tsv"
    )


def test_a_created_topic_names_any_deciding_setting_as_its_source() -> None:
    broker = embedded_broker_config({"log.retention.hours": "48"})
    entries = {e.name: e for e in describe_created_topic(broker, {"segment.bytes": " 2000000"})}
    assert (entries["retention.ms"].value, entries["retention.ms"].source) == (
        "172800000",
        ConfigSource.STATIC_BROKER,
    )
    assert (entries["segment.bytes"].value, entries["segment.bytes"].source) == (
        " 2000000",
        ConfigSource.TOPIC,
    )
    assert (entries["segment.ms"].value, entries["segment.ms"].source) == ("604800000", ConfigSource.DEFAULT)
    assert "internal.segment.bytes" not in entries
    assert all(not entry.synonyms for entry in entries.values())


def test_an_internal_option_shows_when_a_topic_sets_it() -> None:
    names = [
        e.name for e in TopicDescriber(embedded_broker_config()).describe({"internal.segment.bytes": "9"})
    ]
    assert "internal.segment.bytes" in names
    assert names == sorted(names)


def test_what_a_topic_does_not_set_is_described_once_for_all_topics() -> None:
    describer = TopicDescriber(embedded_broker_config())
    plain, again = describer.describe({}), describer.describe({"segment.ms": "7"})
    changed = [one.name for one, other in zip(plain, again, strict=True) if one is not other]
    assert changed == ["segment.ms"]
