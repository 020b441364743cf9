"""Errors print as Java's exceptions do, and know whether they pass."""

import pytest

from ottla.client.failures import (
    ApiError,
    ConfigurationError,
    DisconnectedError,
    RequestTimeoutError,
    error_of,
    raise_for,
)
from ottla.client.java_exceptions import EXCEPTION_CLASSES, INVALID_METADATA, RETRIABLE
from ottla.errors import ErrorCode


def test_an_error_prints_as_java_prints_it() -> None:
    error = ApiError(ErrorCode.TOPIC_ALREADY_EXISTS, "Topic 'x' already exists.")
    assert (
        error.java_text() == "org.apache.kafka.common.errors.TopicExistsException: Topic 'x' already exists."
    )
    assert str(error) == "Topic 'x' already exists."


def test_an_error_without_text_has_that_of_its_code() -> None:
    assert (
        str(ApiError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION))
        == "This server does not host this topic-partition."
    )


def test_a_disconnect_has_no_text_in_java() -> None:
    assert DisconnectedError().java_text() == "org.apache.kafka.common.errors.DisconnectException"
    assert DisconnectedError().is_retriable


def test_a_timeout_is_pythons_too() -> None:
    with pytest.raises(TimeoutError) as caught:
        raise RequestTimeoutError("too late")
    assert isinstance(caught.value, ApiError)
    assert caught.value.java_text() == "org.apache.kafka.common.errors.TimeoutException: too late"


def test_a_class_may_be_named() -> None:
    assert ConfigurationError("no").java_class == "org.apache.kafka.common.config.ConfigException"


def test_every_code_has_its_java_class() -> None:
    assert EXCEPTION_CLASSES.keys() == set(ErrorCode) - {ErrorCode.NONE}


def test_success_and_unknown_errors_are_not_retried() -> None:
    assert not {ErrorCode.NONE, ErrorCode.UNKNOWN_SERVER_ERROR} & RETRIABLE
    assert INVALID_METADATA < RETRIABLE


def test_codes_are_read_with_their_retriability() -> None:
    assert error_of(0) is None
    for code in ErrorCode:
        error = error_of(code)
        if error is not None:
            assert error.is_retriable == (code in RETRIABLE)


def test_a_code_of_a_later_release_reads_as_an_unknown_error() -> None:
    with pytest.raises(ApiError) as caught:
        raise_for(30_000, "news")
    assert caught.value.code is ErrorCode.UNKNOWN_SERVER_ERROR
