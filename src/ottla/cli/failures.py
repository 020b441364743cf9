"""How a tool ends early: with Apache Kafka's words for what went wrong.

A tool raises these and `cli.frame` prints them, so that no tool needs code of its own for it. Whatever has a
`java_text()` counts as a failure that a Java tool would die of; the clients' failures have one too.
"""

from __future__ import annotations

TERSE = "org.apache.kafka.server.util.TerseException"
"""The class of failures that Kafka's tools show without a stack trace."""


class ToolError(Exception):
    """A failure by the name that a Java tool shows it under: `java.lang.IllegalArgumentException: words`."""

    def __init__(self, java_class: str, message: str | None) -> None:
        super().__init__(message)
        self.java_class = java_class
        self.message = message

    def java_text(self) -> str:
        """Return the failure as Java's `Throwable.toString` does."""
        return self.java_class if self.message is None else f"{self.java_class}: {self.message}"


def illegal_argument(message: str) -> ToolError:
    """Return the failure that most tools raise for values that they cannot use."""
    return ToolError("java.lang.IllegalArgumentException", message)


def terse(message: str) -> ToolError:
    """Return a failure whose message alone is shown."""
    return ToolError(TERSE, message)


class UsageError(Exception):
    """A command line that cannot be: standard error gets the message and the table of options, the exit code is 1."""

    def __init__(self, message: str, table: str) -> None:
        super().__init__(message)
        self.text = f"{message}\n{table}"


class VersionRequestedError(Exception):
    """Somebody asked which version this is instead: standard output gets it, the exit code is 0."""
