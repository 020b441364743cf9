"""What a client's caller hears when something failed: Kafka's errors, by the names of Kafka's Java classes.

The law: every failure that a user can meet is an `ApiError`, and prints as the Java exception prints itself.
"""

from __future__ import annotations

from ottla.client.java_exceptions import EXCEPTION_CLASSES, RETRIABLE
from ottla.errors import ErrorCode, KafkaError, error_message

ERRORS_PACKAGE = "org.apache.kafka.common.errors"
"""Where the Java classes of protocol errors live."""


class ApiError(KafkaError):
    """An error of the cluster's, or of the client on its way to it; `code` and `message` as in an answer."""

    def __init__(self, code: ErrorCode, message: str | None = None, *, java_class: str | None = None) -> None:
        super().__init__(code, message)
        self._java_class = java_class

    def __str__(self) -> str:
        """Return the text alone, as `Throwable.getMessage`."""
        return self.text or ""

    @property
    def java_class(self) -> str:
        """The full name of the Java class of this error."""
        if self._java_class is not None:
            return self._java_class
        return f"{ERRORS_PACKAGE}.{EXCEPTION_CLASSES.get(self.code, 'UnknownServerException')}"

    @property
    def is_retriable(self) -> bool:
        """Whether the same request may succeed later (Kafka's `RetriableException`)."""
        return self.code in RETRIABLE

    def java_text(self) -> str:
        """Return what `Throwable.toString` prints: the class, and the message where there is one."""
        text = self.text
        return self.java_class if text is None else f"{self.java_class}: {text}"


class DisconnectedError(ApiError):
    """The connection could not be made, or ended before the answer; Kafka's `DisconnectException`."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(
            ErrorCode.NETWORK_EXCEPTION, message or "", java_class=f"{ERRORS_PACKAGE}.DisconnectException"
        )

    def java_text(self) -> str:
        """Return the class alone where there is no message, as for Java's own of this kind."""
        return super().java_text() if self.text else self.java_class


class RequestTimeoutError(ApiError, TimeoutError):
    """No answer came in time; Kafka's `TimeoutException`, and Python's `TimeoutError` too."""

    def __init__(self, message: str) -> None:
        super().__init__(ErrorCode.REQUEST_TIMED_OUT, message)


class UnsupportedVersionError(ApiError):
    """Client and node share no version of an API, or what was asked needs a newer one than they share."""

    def __init__(self, message: str) -> None:
        super().__init__(ErrorCode.UNSUPPORTED_VERSION, message)


class ConfigurationError(ApiError):
    """A setting of the client that cannot be; Kafka's `ConfigException`."""

    def __init__(self, message: str) -> None:
        super().__init__(
            ErrorCode.INVALID_CONFIG, message, java_class="org.apache.kafka.common.config.ConfigException"
        )


def error_of(code: int, message: str | None = None) -> ApiError | None:
    """Return the error that a response's code and text stand for; None for code 0.

    A code that is newer than this client reads as UNKNOWN_SERVER_ERROR, as Java reads it.
    """
    if code == 0:
        return None
    try:
        known = ErrorCode(code)
    except ValueError:
        known = ErrorCode.UNKNOWN_SERVER_ERROR
    return ApiError(known, message)


def raise_for(code: int, message: str | None = None) -> None:
    """Raise the ApiError that a response's code stands for; code 0 passes."""
    error = error_of(code, message)
    if error is not None:
        raise error


def default_text(code: int) -> str:
    """Return the text that Kafka's clients have for a code; empty for none."""
    error = error_of(code)
    return "" if error is None else error_message(error.code) or ""
