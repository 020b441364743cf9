from ottla.cli.failures import ToolError, illegal_argument
from ottla.cli.java_failures import (
    CausedError,
    admin_command_failed,
    admin_operation_failed,
    execution_failure,
    message_of,
    runtime_failure,
    stack_trace,
)
from ottla.client.failures import ApiError
from ottla.errors import ErrorCode

NOT_FOUND = ApiError(ErrorCode.GROUP_ID_NOT_FOUND, "Group g not found.")
NOT_FOUND_TEXT = "org.apache.kafka.common.errors.GroupIdNotFoundException: Group g not found."


def test_a_wrapper_says_the_whole_text_of_what_lies_within() -> None:
    failure = runtime_failure(execution_failure(NOT_FOUND))
    assert message_of(failure) == f"java.util.concurrent.ExecutionException: {NOT_FOUND_TEXT}"
    assert message_of(NOT_FOUND) == "Group g not found."
    assert message_of(illegal_argument("no")) == "no"


def test_a_failure_without_a_message_says_null() -> None:
    assert message_of(ToolError("java.lang.NullPointerException", None)) == "null"


def test_a_trace_names_every_cause() -> None:
    assert stack_trace(runtime_failure(execution_failure(NOT_FOUND))) == (
        f"java.lang.RuntimeException: java.util.concurrent.ExecutionException: {NOT_FOUND_TEXT}\n"
        f"Caused by: java.util.concurrent.ExecutionException: {NOT_FOUND_TEXT}\n"
        f"Caused by: {NOT_FOUND_TEXT}\n"
    )


def test_a_trace_names_what_a_failure_stands_for() -> None:
    failure = CausedError("some.Failure", "two of them", None, (NOT_FOUND, illegal_argument("no")))
    assert stack_trace(failure) == (
        "some.Failure: two of them\n"
        f"\tSuppressed: {NOT_FOUND_TEXT}\n"
        "\tSuppressed: java.lang.IllegalArgumentException: no\n"
    )


def test_the_failures_of_kafkas_tools_have_their_classes() -> None:
    assert admin_command_failed("no").java_text() == "org.apache.kafka.tools.AdminCommandFailedException: no"
    assert admin_operation_failed("no").java_text() == "org.apache.kafka.tools.AdminOperationException: no"
