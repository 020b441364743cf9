import pytest

from ottla.config.dynamic_effects import reason_left_out, settings_that_count, settings_without_effect
from ottla.config.tables import reasons


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("num.partitions", "3", "it cannot be changed while a broker runs"),
        ("listeners", "PLAINTEXT://:1", reasons.FIXED_LISTENERS),
        ("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT", reasons.FIXED_LISTENERS),
        ("listener.name.plaintext.max.connections", "3", reasons.ONE_LISTENER),
        ("leader.replication.throttled.rate", "3", reasons.ONE_NODE),
        ("group.streams.assignors", "sticky", "it is new in Kafka 4.4"),
        ("no.such.option", "3", "it is not known"),
        (
            "log.segment.bytes",
            "3",
            "Invalid value 3 for configuration log.segment.bytes: Value must be at least 1048576",
        ),
        (
            "principal.builder.class",
            "org.example.Builder",
            "a principal builder is a Java class, and there is no Java machine to load it",
        ),
    ],
)
def test_what_does_not_count_keeps_to_itself_and_has_a_reason(name: str, text: str, reason: str) -> None:
    assert reason_left_out(name, text, for_all_brokers=False) == reason
    texts = {"message.max.bytes": "5", name: text}
    assert settings_that_count(texts, for_all_brokers=False) == {"message.max.bytes": "5"}
    assert settings_without_effect(texts, for_all_brokers=False) == {name: reason}


def test_what_belongs_to_one_broker_does_not_count_for_all() -> None:
    reason = "it must be set for a broker by its id"
    assert reason_left_out("ssl.protocol", "TLSv1.2", for_all_brokers=True) == reason
    assert reason_left_out("ssl.protocol", "TLSv1.2", for_all_brokers=False) is None


def test_an_inert_option_counts_and_says_that_it_does_nothing_unless_it_is_at_its_default() -> None:
    assert settings_that_count({"num.io.threads": "9"}, for_all_brokers=True) == {"num.io.threads": "9"}
    assert settings_without_effect({"num.io.threads": "9"}, for_all_brokers=True) == {
        "num.io.threads": reasons.EVENT_LOOP
    }
    assert settings_without_effect({"num.io.threads": "8"}, for_all_brokers=True) == {}
