import pytest

from ottla.config.client_metrics import CHECK_ORDER, describe_client_metrics, validate_client_metrics
from ottla.config.client_metrics_options import CLIENT_METRICS_OPTIONS
from ottla.config.describe import ConfigSource
from ottla.config.option import OptionType
from ottla.errors import ErrorCode, KafkaError


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"interval.ms": "100", "metrics": "org.apache.kafka.consumer.,", "match": ""},
        {"interval.ms": " 3600000 ", "metrics": "*"},
        {"match": "client_id=a.*, client_software_name = apache-kafka-java ,client_source_port=[0-9]{4}"},
        # Java's own forms of expressions, and what Java's split lets pass.
        {"match": r"client_id=\p{Alpha}+\Q(\E,client_instance_id=b="},
        {"match": r"client_id=(?<word>a)-\k<word>,client_software_name=a(?i)b|[a-d[m-p]]"},
    ],
)
def test_what_a_subscription_may_say(settings: dict[str, str]) -> None:
    validate_client_metrics("s", settings)


@pytest.mark.parametrize(
    ("settings", "code", "text"),
    [
        (
            {"interval.ms": "x", "foo": "1"},
            ErrorCode.INVALID_REQUEST,
            "Unknown client metrics configuration: foo",
        ),
        (
            {"interval.ms": "x"},
            ErrorCode.INVALID_CONFIG,
            "Invalid value x for configuration interval.ms: Not a number of type INT",
        ),
        (
            {"interval.ms": "99", "match": "x"},
            ErrorCode.INVALID_REQUEST,
            "Invalid value 99 for interval.ms, interval must be between 100 and 3600000 (1 hour)",
        ),
        (
            {"interval.ms": "3600001"},
            ErrorCode.INVALID_REQUEST,
            "Invalid value 3600001 for interval.ms, interval must be between 100 and 3600000 (1 hour)",
        ),
        (
            {"match": "client_id"},
            ErrorCode.INVALID_CONFIG,
            "Illegal client matching pattern: client_id",
        ),
        (
            {"match": "client_id=a,,"},
            ErrorCode.INVALID_CONFIG,
            "Illegal client matching pattern: ",
        ),
        (
            {"match": "client_id=a=b"},
            ErrorCode.INVALID_CONFIG,
            "Illegal client matching pattern: client_id=a=b",
        ),
        (
            {"match": "rack=a"},
            ErrorCode.INVALID_CONFIG,
            "Illegal client matching pattern: rack=a",
        ),
        (
            {"match": "client_id=("},
            ErrorCode.INVALID_CONFIG,
            "Illegal client matching pattern: client_id=(",
        ),
    ],
)
def test_what_cannot_stand_is_refused_in_kafkas_words(
    settings: dict[str, str], code: ErrorCode, text: str
) -> None:
    with pytest.raises(KafkaError) as caught:
        validate_client_metrics("s", settings)
    assert (caught.value.code, caught.value.message) == (code, text)


def test_a_subscription_has_a_name() -> None:
    with pytest.raises(KafkaError) as caught:
        validate_client_metrics("", {})
    assert (caught.value.code, caught.value.message) == (
        ErrorCode.INVALID_REQUEST,
        "Subscription name can't be empty",
    )


def test_only_what_is_set_has_synonyms() -> None:
    entries = {entry.name: entry for entry in describe_client_metrics({"match": "client_id=a , client_id=b"})}
    assert list(entries) == ["interval.ms", "match", "metrics"]
    match = entries["match"]
    assert (match.value, match.source, match.type) == (
        "client_id=a,client_id=b",
        ConfigSource.CLIENT_METRICS,
        OptionType.LIST,
    )
    assert match.synonyms == (("match", match.value, ConfigSource.CLIENT_METRICS),)
    assert (entries["interval.ms"].value, entries["interval.ms"].source) == ("300000", ConfigSource.DEFAULT)
    assert entries["metrics"].value == ""
    assert entries["metrics"].synonyms == ()


def test_every_option_is_checked() -> None:
    assert sorted(CHECK_ORDER) == list(CLIENT_METRICS_OPTIONS)
