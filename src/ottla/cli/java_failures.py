"""Failures inside of failures, as Java's tools show them: what was thrown, and what caused it.

A Java tool prints the message of what it caught, which for a wrapper is the text of what lies within. The lines that
say where in Kafka's source something was thrown have no counterpart here; everything else of a stack trace has.
"""

from __future__ import annotations

from collections.abc import Sequence

from ottla.cli.failures import ToolError
from ottla.client.failures import ApiError

Failure = ToolError | ApiError
"""What a tool can die of. Both know their Java class and print as it."""

EXECUTION_EXCEPTION = "java.util.concurrent.ExecutionException"
"""What Java's futures throw."""

FAILURES = (ToolError, ApiError)
"""The same, for `except`."""


class CausedError(ToolError):
    """A failure that carries the one that caused it, and those that it stands for."""

    def __init__(
        self,
        java_class: str,
        message: str | None,
        cause: Failure | None = None,
        suppressed: Sequence[Failure] = (),
    ) -> None:
        super().__init__(java_class, message)
        self.cause = cause
        self.suppressed = tuple(suppressed)


def execution_failure(cause: Failure) -> CausedError:
    """Return what Java's futures throw for a failure: its message is the failure's whole text."""
    return CausedError(EXECUTION_EXCEPTION, cause.java_text(), cause)


def runtime_failure(cause: Failure) -> CausedError:
    """Return the wrapper that Java's tools put around failures which they may not throw."""
    return CausedError("java.lang.RuntimeException", cause.java_text(), cause)


def admin_command_failed(message: str, cause: Failure | None = None) -> CausedError:
    """Return the failure of Kafka's tools for a command that cannot be carried out."""
    return CausedError("org.apache.kafka.tools.AdminCommandFailedException", message, cause)


def admin_operation_failed(message: str | None, cause: Failure | None = None) -> CausedError:
    """Return the failure of Kafka's tools for input that cannot be used."""
    return CausedError("org.apache.kafka.tools.AdminOperationException", message, cause)


def message_of(failure: Failure) -> str:
    """Return `Throwable.getMessage` of a failure; Java prints `null` for one without a message."""
    if isinstance(failure, ToolError):
        return "null" if failure.message is None else failure.message
    return failure.text or "null"


def stack_trace(failure: Failure) -> str:
    """Return a failure with its causes as `Throwable.printStackTrace` prints them, a line each."""
    lines = failure.java_text() + "\n"
    if isinstance(failure, CausedError):
        lines += "".join(f"\tSuppressed: {each.java_text()}\n" for each in failure.suppressed)
        if failure.cause is not None:
            lines += f"Caused by: {stack_trace(failure.cause)}"
    return lines
