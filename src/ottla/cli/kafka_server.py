"""The class `kafka.Kafka`: the broker with a properties file and `--override`, as Kafka's own main class reads them."""

from __future__ import annotations

from collections.abc import Sequence

from ottla.cli import server
from ottla.cli.failures import UsageError, VersionRequestedError
from ottla.cli.jopt import REQUIRED, Opt, key_values, parse, usage_table

_USAGE = "USAGE: java [options] kafka.Kafka server.properties [--override property=value]*"

_OVERRIDE = Opt("override", "An option that goes over the one in the file.", REQUIRED)
_SHOWN = (_OVERRIDE, Opt("version", "Print the version and leave."))


def main(arguments: Sequence[str]) -> int:
    """Run the broker and return its exit code. Raises UsageError, OptionError, CommandError."""
    if not arguments or "--help" in arguments:
        raise UsageError(_USAGE, usage_table(_SHOWN))
    if "--version" in arguments:
        raise VersionRequestedError
    parsed = parse((_OVERRIDE,), arguments[1:])
    if parsed.operands:
        raise UsageError(f"Found non argument parameters: {','.join(parsed.operands)}", usage_table(_SHOWN))
    overrides = key_values(parsed.texts("override"))
    words = [word for key, value in overrides.items() for word in ("--override", f"{key}={value}")]
    return server.main(["--config", arguments[0], *words])
