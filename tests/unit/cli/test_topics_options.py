import pytest

from ottla.cli.failures import ToolError, UsageError, VersionRequestedError
from ottla.cli.topics_options import parse_topics_options

SERVER = ["--bootstrap-server", "localhost:1"]


def _usage_words(arguments: list[str]) -> str:
    with pytest.raises(UsageError) as caught:
        parse_topics_options(arguments)
    return caught.value.text.partition("\n")[0]


def test_nothing_and_help_say_what_the_tool_is_for() -> None:
    assert _usage_words([]) == "Create, delete, describe, or change a topic."
    assert _usage_words(["--help"]) == "This tool helps to create, delete, describe, or change a topic."
    with pytest.raises(VersionRequestedError):
        parse_topics_options(["--version"])


def test_there_is_exactly_one_action() -> None:
    words = "Command must include exactly one action: --list, --describe, --create, --alter or --delete"
    assert _usage_words(SERVER) == words
    assert _usage_words([*SERVER, "--list", "--create"]) == words


def test_a_server_is_needed() -> None:
    with pytest.raises(ToolError, match="--bootstrap-server must be specified"):
        parse_topics_options(["--list"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--create"], 'Missing required argument "[topic]"'),
        (["--alter", "--topic", "a"], 'Missing required argument "[partitions]"'),
        (["--list", "--config", "a=b"], 'Option "[config]" can\'t be used with option "[list]"'),
        (["--list", "--partitions", "1"], 'Option "[partitions]" can\'t be used with option "[list]"'),
        (
            ["--create", "--topic", "a", "--replica-assignment", "1", "--partitions", "1"],
            'Option "[replica-assignment]" can\'t be used with option "[partitions]"',
        ),
        (
            ["--describe", "--unavailable-partitions", "--topics-with-overrides"],
            'Option "[unavailable-partitions]" can\'t be used with option "[topics-with-overrides]"',
        ),
        (["--list", "--if-not-exists"], 'Option "[if-not-exists]" can\'t be used with option "[list]"'),
        (["--describe", "--if-exists"], "--topic or --topic-id is required to describe a topic"),
    ],
)
def test_options_that_do_not_go_together_are_refused(arguments: list[str], words: str) -> None:
    assert _usage_words([*SERVER, *arguments]) == words


def test_settings_of_topics_that_exist_are_changed_elsewhere() -> None:
    words = _usage_words([*SERVER, "--alter", "--topic", "a", "--config", "a=b"])
    assert words.startswith('Option combination "[[')
    assert words.endswith(
        'can\'t be used with option "[alter]" (To alter topic configurations, the kafka-configs tool can be used.)'
    )


def test_an_option_that_is_gone_is_said_to_be_gone(capsys: pytest.CaptureFixture[str]) -> None:
    parse_topics_options([*SERVER, "--list", "--delete-config", "a"])
    assert "is no longer supported and deprecated since version 4.0" in capsys.readouterr().err
