import pytest

from ottla.cli.configs_resources import check_topic_name, entry_line
from ottla.cli.failures import ToolError
from ottla.cli.resource_configs import ConfigEntry, Synonym


def test_a_setting_is_shown_with_the_places_that_its_value_could_come_from() -> None:
    synonyms = (
        Synonym("DYNAMIC_TOPIC_CONFIG", "retention.ms", "5"),
        Synonym("DEFAULT_CONFIG", "log.retention.ms", None),
    )
    assert entry_line(ConfigEntry("retention.ms", "5", "DYNAMIC_TOPIC_CONFIG", False, synonyms)) == (
        "  retention.ms=5 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=5, "
        "DEFAULT_CONFIG:log.retention.ms=null}"
    )
    assert (
        entry_line(ConfigEntry("a", None, "DEFAULT_CONFIG", True, ()))
        == "  a=null sensitive=true synonyms={}"
    )


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "the empty string is not allowed"),
        ("..", "'..' is not allowed"),
        ("a b", "'a b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"),
        ("a" * 250, f"the length of '{'a' * 250}' is longer than the max allowed length 249"),
    ],
)
def test_a_name_that_no_topic_can_have_is_refused(name: str, reason: str) -> None:
    with pytest.raises(ToolError) as caught:
        check_topic_name(name)
    assert caught.value.java_text() == (
        f"org.apache.kafka.common.errors.InvalidTopicException: Topic name is invalid: {reason}"
    )


def test_a_name_that_a_topic_can_have_passes() -> None:
    check_topic_name("a.b_c-1")
    check_topic_name("a" * 249)
