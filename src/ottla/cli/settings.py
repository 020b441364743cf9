"""Puts the settings of a command together: defaults, then the file, the environment, and the command line's own.

Each later source goes over the earlier ones, option by option, and every setting keeps the place where it was made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ottla.cli.common import CommandError
from ottla.config.broker import embedded_settings
from ottla.config.environment import read_environment
from ottla.config.setting import Setting, Settings
from ottla.config.sources import parse_overrides, read_settings


def gather_settings(
    config_file: str | None,
    environment: Mapping[str, str],
    shortcuts: Mapping[str, tuple[str, str | None]],
    overrides: Sequence[str],
) -> Settings:
    """Put the file, the environment, the options that have an argument of their own and `--override` together, the
    later over the earlier. A shortcut is an option's name with its argument and what was given for it, None for
    nothing.

    Without a file the embedded default lies below them. Raises ConfigError for what cannot be parsed, and
    CommandError for a file that cannot be read.
    """
    given = {
        name: Setting(text, argument) for name, (argument, text) in shortcuts.items() if text is not None
    }
    over = {**read_environment(environment), **given, **parse_overrides(overrides)}
    if config_file is None:
        return embedded_settings(over)
    try:
        content = Path(config_file).read_bytes()
    except OSError as error:
        raise CommandError(f"cannot read {config_file}: {error.strerror}") from error
    return {**read_settings(content, config_file), **over}
