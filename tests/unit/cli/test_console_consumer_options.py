"""The command line of the console consumer; what it refuses is compared with Kafka's tool in `tests/tools`."""

import pytest

from ottla.cli.console_consumer_options import EARLIEST, LATEST, ConflictError, Consumption, read_command_line
from ottla.cli.failures import ToolError, UsageError

SERVER = ("--bootstrap-server", "localhost:9092")


def read(*arguments: str) -> Consumption:
    return read_command_line([*SERVER, *arguments])


def test_who_names_no_group_gets_one_that_commits_nothing():
    properties = read("--topic", "t").properties
    assert properties["group.id"].startswith("console-consumer-")
    assert properties["enable.auto.commit"] == "false"
    assert properties["auto.offset.reset"] == "latest"
    assert properties["client.id"] == "console-consumer"
    assert properties["isolation.level"] == "read_uncommitted"


def test_a_group_commits_as_it_is_told():
    properties = read("--topic", "t", "--group", "g", "--from-beginning").properties
    assert properties["group.id"] == "g"
    assert "enable.auto.commit" not in properties
    assert properties["auto.offset.reset"] == "earliest"


def test_settings_of_the_command_line_go_before_those_of_the_file(tmp_path):
    path = tmp_path / "consumer.properties"
    path.write_text("client.id=file\nisolation.level=read_committed\ngroup.id=g\n")
    found = read("--topic", "t", "--consumer.config", str(path), "--consumer-property", "client.id=given")
    assert found.properties["client.id"] == "given"
    assert found.properties["isolation.level"] == "read_committed"
    assert found.properties["group.id"] == "g"
    again = read(
        "--topic",
        "t",
        "--consumer.config",
        str(path),
        "--isolation-level",
        "read_uncommitted",
        "--group",
        "g",
    )
    assert again.properties["isolation.level"] == "read_uncommitted"


@pytest.mark.parametrize(
    ("arguments", "offset"),
    [
        ((), LATEST),
        (("--from-beginning",), EARLIEST),
        (("--offset", "Earliest"), EARLIEST),
        (("--offset", "latest"), LATEST),
        (("--offset", "+17"), 17),
    ],
)
def test_where_a_partition_begins(arguments, offset):
    found = read("--topic", "t", "--partition", "3", *arguments)
    assert (found.topic, found.partition, found.offset) == ("t", 3, offset)


def test_limits():
    found = read("--include", "a.*", "--timeout-ms", "500", "--max-messages", "7", "--skip-message-on-error")
    assert (found.include, found.timeout_ms, found.max_messages(), found.skips_errors) == (
        "a.*",
        500,
        7,
        True,
    )
    endless = read("--topic", "t", "--timeout-ms", "-1", "--max-messages", "-1")
    assert (endless.timeout_ms, endless.max_messages()) == (None, None)
    assert read("--topic", "t", "--max-messages", "-5").max_messages() == 0


def test_a_number_of_messages_is_read_when_it_is_needed():
    found = read("--topic", "t", "--max-messages", "many")
    with pytest.raises(ToolError, match="Cannot parse argument 'many' of option max-messages"):
        found.max_messages()


def test_names_of_kafka_4_2_mean_the_same():
    found = read(
        "--topic", "t", "--command-property", "client.id=me", "--formatter-property", "print.offset=true"
    )
    assert found.properties["client.id"] == "me"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Exactly one of --include/--topic is required. "),
        (("--topic", "t", "--include", "t"), "Exactly one of --include/--topic is required. "),
        (("--include", "t", "--partition", "0"), "The topic is required when partition is specified."),
        (("--topic", "t", "--offset", "1"), "The partition is required when offset is specified."),
        (
            ("--topic", "t", "--partition", "0", "--offset", "1", "--from-beginning"),
            "Options from-beginning and offset cannot be specified together.",
        ),
        (
            ("--topic", "t", "--partition", "0", "--group", "g"),
            "Options group and partition cannot be specified together.",
        ),
        (
            ("--topic", "t", "--partition", "0", "--offset", "-1"),
            (
                "The provided offset value '-1' is incorrect. Valid values are 'earliest', 'latest', or a "
                "non-negative long."
            ),
        ),
        (("--topic", "t", "--formatter", "no.such.Formatter"), "no.such.Formatter"),
        (("--topic", "t", "--frobnicate"), "frobnicate is not a recognized option"),
        (
            ("--topic", "t", "--group", "one", "--consumer-property", "group.id=other"),
            (
                "The group ids provided in different places (directly using '--group', via '--consumer-property', or "
                "via '--consumer.config') do not match. Detected group ids: 'other', 'one'"
            ),
        ),
    ],
)
def test_what_does_not_go_together_is_a_usage_error(arguments, message):
    with pytest.raises(UsageError) as error:
        read(*arguments)
    assert error.value.text.startswith(f"{message}\nOption ")


def test_beginning_and_end_contradict_each_other():
    with pytest.raises(ConflictError, match=r"specify --from-beginning and .auto\.offset\.reset=latest"):
        read("--topic", "t", "--from-beginning", "--consumer-property", "auto.offset.reset=latest")


def test_a_file_that_is_not_there_ends_the_tool():
    with pytest.raises(ToolError) as error:
        read("--topic", "t", "--consumer.config", "/nowhere/to/be/found")
    assert error.value.java_text() == "java.nio.file.NoSuchFileException: /nowhere/to/be/found"
