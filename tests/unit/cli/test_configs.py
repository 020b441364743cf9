import pytest

from ottla.cli.configs import failure_text, main
from ottla.cli.failures import ToolError, illegal_argument
from ottla.cli.java_failures import execution_failure
from ottla.client.failures import ApiError
from ottla.errors import ErrorCode


def test_of_a_wrong_command_line_only_the_message_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--describe", "--topic", "a"]) == 1
    assert (
        capsys.readouterr().err == "Either --bootstrap-server or --bootstrap-controller must be specified.\n"
    )
    assert main(["--nonsense"]) == 1
    assert capsys.readouterr().err == "nonsense is not a recognized option\n"


def test_of_other_failures_the_command_line_and_the_causes_are_shown() -> None:
    refused = execution_failure(ApiError(ErrorCode.INVALID_CONFIG, "words"))
    text = "org.apache.kafka.common.errors.InvalidConfigurationException: words"
    assert failure_text(refused, ["--alter", "--topic", "a"]) == (
        "Error while executing config command with args '--alter --topic a'\n"
        f"java.util.concurrent.ExecutionException: {text}\nCaused by: {text}\n"
    )


def test_a_refusal_of_the_tool_s_own_is_a_message() -> None:
    missing = ToolError(
        "org.apache.kafka.common.errors.InvalidConfigurationException", "Invalid config(s): a"
    )
    assert failure_text(missing, []) == "Invalid config(s): a\n"
    assert failure_text(illegal_argument("words"), []) == "words\n"
