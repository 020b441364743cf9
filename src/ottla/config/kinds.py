"""Short names for the words that every option row uses, so that a row stays readable."""

from __future__ import annotations

from typing import Final

from ottla.config.option import Importance, OptionType, Scope

BOOLEAN: Final = OptionType.BOOLEAN
STRING: Final = OptionType.STRING
INT: Final = OptionType.INT
SHORT: Final = OptionType.SHORT
LONG: Final = OptionType.LONG
DOUBLE: Final = OptionType.DOUBLE
LIST: Final = OptionType.LIST
CLASS: Final = OptionType.CLASS
PASSWORD: Final = OptionType.PASSWORD

HIGH: Final = Importance.HIGH
MEDIUM: Final = Importance.MEDIUM
LOW: Final = Importance.LOW

PER_BROKER: Final = Scope.PER_BROKER
CLUSTER_WIDE: Final = Scope.CLUSTER_WIDE
TOPIC: Final = Scope.TOPIC
GROUP: Final = Scope.GROUP
CLIENT_METRICS: Final = Scope.CLIENT_METRICS
