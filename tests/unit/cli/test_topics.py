import pytest

from ottla.cli.failures import ToolError, UsageError
from ottla.cli.topics import main, read_assignment, read_configs


def test_an_assignment_lists_the_brokers_of_each_partition() -> None:
    assert read_assignment("1:2, 2:3 ,3:1") == [[1, 2], [2, 3], [3, 1]]
    assert read_assignment(None) == []
    assert read_assignment("") == []
    assert read_assignment("1:,2") == [[1], [2]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1:1:2:2", "Partition replica lists may not contain duplicate entries: 1,2"),
        ("1:2,3", r"Partition 1 has different replication factor: \[3\]"),
        ("one", 'For input string: "one"'),
    ],
)
def test_an_assignment_that_cannot_be_is_refused(text: str, words: str) -> None:
    with pytest.raises(ToolError, match=words):
        read_assignment(text)


def test_settings_are_read_and_the_last_of_a_name_counts() -> None:
    assert read_configs(["retention.ms = 5", "retention.ms=6", " flush.ms=1 "]) == {
        "retention.ms": "6",
        "flush.ms": "1",
    }


@pytest.mark.parametrize("text", ["retention.ms", "retention.ms=", "a=b=c"])
def test_a_setting_needs_a_name_and_a_value(text: str) -> None:
    with pytest.raises(ToolError, match="requirement failed: Invalid topic config"):
        read_configs([text])


@pytest.mark.parametrize(
    ("text", "java_text"),
    [
        (
            "no.such=1",
            "org.apache.kafka.common.errors.InvalidConfigurationException: Unknown topic config name: no.such",
        ),
        (
            "retention.ms=soon",
            (
                "org.apache.kafka.common.config.ConfigException: Invalid value soon for configuration retention.ms: "
                "Not a number of type LONG"
            ),
        ),
    ],
)
def test_settings_are_checked_before_anybody_is_asked(text: str, java_text: str) -> None:
    with pytest.raises(ToolError) as caught:
        read_configs([text])
    assert caught.value.java_text() == java_text


def test_the_options_are_checked_before_anybody_is_asked() -> None:
    with pytest.raises(UsageError):
        main(["--list", "--create"])
