"""Arguments of a `run` script: `KAFKA_X=value` words that go over the environment, as a shell's `export` takes them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ottla.container.console import Console

_IDENTIFIER = re.compile("[A-Za-z_][A-Za-z0-9_]*")


def take_overrides(
    script: str, arguments: Sequence[str], environment: dict[str, str], console: Console
) -> None:
    """Set the variables that the arguments name. Raises RefusedError for a word that names none."""
    if not arguments:
        return
    console.say("===> Overriding env params with args ...")
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not _IDENTIFIER.fullmatch(name):
            raise console.refuse_with_complaint(f"{script}: export: `{argument}': not a valid identifier")
        if equals:
            environment[name] = value
