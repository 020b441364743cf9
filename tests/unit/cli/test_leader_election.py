import shlex

import pytest

from ottla.cli.failures import ToolError
from ottla.cli.java_failures import message_of, stack_trace
from ottla.cli.jopt import parse
from ottla.cli.leader_election import OPTIONS, check_options, outcome, parse_partitions
from ottla.client.failures import ApiError
from ottla.errors import ErrorCode
from ottla.types import TopicPartition

T0 = TopicPartition("t", 0)
T1 = TopicPartition("t", 1)
U0 = TopicPartition("u", 0)


def test_what_became_of_each_partition_is_said() -> None:
    lines, failure = outcome(
        "PREFERRED", {T0: None, T1: ApiError(ErrorCode.ELECTION_NOT_NEEDED, "Leader election not needed")}
    )
    assert failure is None
    assert lines == (
        "Successfully completed leader election (PREFERRED) for partitions t-0\n"
        "Valid replica already elected for partitions t-1\n"
    )


def test_partitions_that_failed_are_counted_and_named() -> None:
    error = ApiError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "No such topic as u")
    lines, failure = outcome("UNCLEAN", {U0: error})
    assert lines == f"Error completing leader election (UNCLEAN) for partition: u-0: {error.java_text()}\n"
    assert failure is not None
    assert message_of(failure) == "1 replica(s) could not be elected"
    assert f"\tSuppressed: {error.java_text()}\n" in stack_trace(failure)


def test_nothing_is_said_of_nothing() -> None:
    assert outcome("PREFERRED", {}) == ("", None)


def test_the_file_of_settings_has_its_name_of_kafka_4_2_too() -> None:
    for option in ("--admin.config", "--command-config"):
        assert parse(OPTIONS, [option, "client.properties"]).text("admin.config") == "client.properties"


def test_partitions_are_read_from_json() -> None:
    text = '{"partitions": [{"topic": "t", "partition": 1}, {"topic": "u", "partition": 0}]}'
    assert parse_partitions(text) == [T1, U0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("none", "org.apache.kafka.tools.AdminOperationException: Replica election data is empty"),
        (
            "{}",
            'org.apache.kafka.tools.AdminOperationException: Replica election data is missing "partitions" field',
        ),
        (
            '{"partitions": [{"topic": "t", "partition": 1}, {"topic": "t", "partition": 1}]}',
            (
                "org.apache.kafka.tools.AdminOperationException: "
                "Replica election data contains duplicate partitions: [t-1]"
            ),
        ),
        (
            "[]",
            (
                "java.lang.RuntimeException: com.fasterxml.jackson.databind.JsonMappingException: "
                "Expected JSON object, received []"
            ),
        ),
    ],
)
def test_json_that_cannot_be_used_is_refused(text: str, words: str) -> None:
    with pytest.raises(ToolError) as caught:
        parse_partitions(text)
    assert caught.value.java_text() == words


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "Missing required option(s): bootstrap-server, election-type"),
        ("--bootstrap-server a:1 --all-topic-partitions", "Missing required option(s): election-type"),
        (
            "--bootstrap-server a:1 --election-type unclean",
            "One and only one of the following options is required: topic, all-topic-partitions, path-to-json-file",
        ),
        ("--bootstrap-server a:1 --election-type unclean --topic t", "Missing required option(s): partition"),
        (
            "--bootstrap-server a:1 --election-type unclean --all-topic-partitions --partition 0",
            "Option partition is only allowed if topic is used",
        ),
    ],
)
def test_options_that_do_not_go_together_are_refused(line: str, words: str) -> None:
    with pytest.raises(ToolError) as caught:
        check_options(parse(OPTIONS, shlex.split(line)))
    assert caught.value.message == words


def test_the_type_of_election_is_read_in_any_case() -> None:
    assert parse(OPTIONS, ["--election-type", "Preferred"]).value("election-type") == "PREFERRED"
    with pytest.raises(ToolError, match="Cannot parse argument 'other' of option election-type"):
        parse(OPTIONS, ["--election-type", "other"]).value("election-type")
