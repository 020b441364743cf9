"""Options that only Ottla has, all under one prefix that Apache Kafka leaves alone.

They stand apart from `BROKER_OPTIONS`, which are Kafka's and nothing else: DescribeConfigs shows one of these only
where it is set, as Kafka shows any key that it does not know. A name under the prefix that is none of them is refused,
since nobody but us can have meant it.
"""

from __future__ import annotations

from typing import Any

from ottla.config.option import ConfigError, Option, default_value, parse_value
from ottla.config.setting import Settings
from ottla.config.tables import own

OWN_PREFIX = "ottla."

OWN_OPTIONS: dict[str, Option] = {option.name: option for option in own.OPTIONS}
"""Every option of Ottla's own, by name."""


def own_fields(settings: Settings) -> dict[str, Any]:
    """Return the values of Ottla's own options by their attributes.

    Raises ConfigError for a value that cannot be used, and for a name under the prefix that is no option.
    """
    for name, setting in settings.items():
        if name.startswith(OWN_PREFIX) and name not in OWN_OPTIONS:
            raise ConfigError(
                f"{name} is not an option of Ottla; there are {', '.join(OWN_OPTIONS)} ({setting.origin})"
            )
    fields: dict[str, Any] = {}
    for name, option in OWN_OPTIONS.items():
        if name not in settings:
            fields[option.attribute] = default_value(option)
            continue
        try:
            fields[option.attribute] = parse_value(option, settings[name].text)
        except ConfigError as error:
            raise ConfigError(f"{error} ({settings[name].origin})") from error
    return fields
