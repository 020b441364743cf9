"""What the tools with clients share."""

import os
import signal

import pytest

from ottla.cli.failures import ToolError, UsageError
from ottla.cli.jopt import REQUIRED, Opt
from ottla.cli.tool_clients import (
    StopSignals,
    failure_trace,
    log_error,
    open_cluster,
    parse_or_show_usage,
    properties_of_file,
)
from ottla.client.failures import ApiError, ConfigurationError
from ottla.errors import ErrorCode


def test_a_failure_is_shown_with_its_causes(capsys):
    cause = ApiError(ErrorCode.TOPIC_ALREADY_EXISTS, "Topic 't' already exists.")
    failure = ToolError("java.lang.RuntimeException", None)
    failure.__cause__ = cause
    text = (
        "java.lang.RuntimeException{}\n"
        "Caused by: org.apache.kafka.common.errors.TopicExistsException: Topic 't' already exists.\n"
    )
    assert failure_trace(failure) == text.format("")
    log_error("a.Class", "It went wrong: ", failure)
    logged = text.format(": null")
    assert capsys.readouterr().err.endswith(f" ERROR It went wrong:  (a.Class)\n{logged}")


@pytest.mark.parametrize(
    ("servers", "cause"),
    [
        ("localhost", "Invalid url in bootstrap.servers: localhost"),
        ("nowhere.invalid:1", "No resolvable bootstrap urls given in bootstrap.servers"),
    ],
)
def test_addresses_fail_inside_of_the_client(servers, cause):
    with pytest.raises(ToolError, match="Failed to construct kafka consumer") as error:
        open_cluster({"bootstrap.servers": servers}, kind="Consumer", client_id="c", rows=())
    assert failure_trace(error.value).endswith(
        f"Caused by: org.apache.kafka.common.config.ConfigException: {cause}\n"
    )


def test_other_settings_fail_as_they_are():
    with pytest.raises(ConfigurationError):
        open_cluster(
            {"bootstrap.servers": "localhost:1", "request.timeout.ms": "-5"},
            kind="Producer",
            client_id="p",
            rows=(),
        )


def test_a_signal_is_taken_note_of_while_the_context_lasts():
    before = signal.getsignal(signal.SIGTERM)
    with StopSignals() as stop:
        assert (stop.received, stop.exit_code) == (0, 0)
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        assert (stop.received, stop.exit_code) == (signal.SIGTERM, 143)
    assert signal.getsignal(signal.SIGTERM) is before


def test_options_that_cannot_be_read_are_a_usage_error():
    rows = (Opt("topic", "The topic.", REQUIRED),)
    assert parse_or_show_usage(rows, ["--topic", "t"]).text("topic") == "t"
    with pytest.raises(UsageError) as error:
        parse_or_show_usage(rows, ["--topic"])
    assert error.value.text.startswith("Option topic requires an argument\nOption ")


def test_a_file_of_settings_that_is_not_there_has_javas_name(tmp_path):
    with pytest.raises(ToolError) as error:
        properties_of_file(str(tmp_path / "none"))
    assert error.value.java_text() == f"java.nio.file.NoSuchFileException: {tmp_path}/none"
