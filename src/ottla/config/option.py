"""One option: its type, default, check and whether it does anything here.

Parsing and every error text follow Kafka's `ConfigDef` (facts 6.2). A default is kept as the text that
Kafka prints for it, so that defaults and settings go through the same parser.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Final, TypeAlias

Value: TypeAlias = bool | int | float | str | tuple[str, ...] | None
"""A parsed value: None where an option without a default is not set."""


class OptionType(IntEnum):
    """Kafka's configuration types, with their numbers in DescribeConfigs (facts 6.1)."""

    UNKNOWN = 0
    BOOLEAN = 1
    STRING = 2
    INT = 3
    SHORT = 4
    LONG = 5
    DOUBLE = 6
    LIST = 7
    CLASS = 8
    PASSWORD = 9


class Importance(Enum):
    """How much an option matters to someone who sets up a broker, as Kafka ranks it."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Scope(Enum):
    """Where an option may be set. The last three are keys of other resources than brokers."""

    READ_ONLY = "read-only"
    PER_BROKER = "per-broker"
    CLUSTER_WIDE = "cluster-wide"
    TOPIC = "topic"
    GROUP = "group"
    CLIENT_METRICS = "client-metrics"


class Effect(Enum):
    """What setting an option does here."""

    ACTING = "acting"
    INERT = "inert"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Status:
    """Whether an option acts; where it does not, `reason` says why in one sentence."""

    effect: Effect
    reason: str = ""


ACTING: Final = Status(Effect.ACTING)


def inert(reason: str) -> Status:
    """Mark an option that is accepted and described but changes nothing; the start names it in a warning."""
    return Status(Effect.INERT, reason)


def refused(reason: str) -> Status:
    """Mark an option that must not be lost silently: a value other than the default refuses the start."""
    return Status(Effect.REFUSED, reason)


class Required(Enum):
    """The default of an option that has none and must be set."""

    REQUIRED = "required"


REQUIRED: Final = Required.REQUIRED


class ConfigError(Exception):
    """A setting that cannot be used. The text is Kafka's, and is fit to be shown to a user as it is."""


class RequirementError(ConfigError):
    """A rule between options that does not hold.

    Where a client broke it, Kafka puts `requirement failed: ` before the text, as Scala does.
    """


@dataclass(frozen=True, slots=True)
class Check:
    """A rule beyond the type: `text` as Kafka prints it, and a test that raises ConfigError."""

    text: str
    test: Callable[[str, Value], None]


@dataclass(frozen=True, slots=True)
class Option:
    """One row of an option table.

    `default` is the text that Kafka prints, None for no value, REQUIRED where there must be a setting.
    `synonyms` are the broker options that supply a topic option's default, first the one of the same meaning
    and unit. `supplies` names the broker option for which this one stands in when that is not set.
    """

    name: str
    type: OptionType
    default: str | Required | None
    importance: Importance
    doc: str
    scope: Scope = Scope.READ_ONLY
    check: Check | None = None
    status: Status = ACTING
    internal: bool = False
    synonyms: tuple[str, ...] = ()
    supplies: str | None = None

    @property
    def attribute(self) -> str:
        """The name of the option in Python: dots and dashes turned to underscores."""
        return self.name.replace(".", "_").replace("-", "_")

    @property
    def sensitive(self) -> bool:
        """Whether the value is never shown: only passwords are."""
        return self.type is OptionType.PASSWORD

    @property
    def documentation(self) -> str:
        """What the option does; for an option that does nothing, that and why."""
        return self.doc or f"Accepted without effect: {self.status.reason}."


def invalid_value(name: str, value: object, reason: str | None = None) -> ConfigError:
    """Build the error of Kafka's `ConfigException(name, value, message)`."""
    shown = "null" if value is None else value
    tail = f": {reason}" if reason is not None else ""
    return ConfigError(f"Invalid value {shown} for configuration {name}{tail}")


def parse_value(option: Option, text: str | None) -> Value:
    """Turn a setting's text into its value and check it.

    None means that the option is explicitly null. Raises ConfigError with the text of Kafka's `ConfigDef`.
    """
    value = None if text is None else parse_type(option.name, option.type, text)
    if option.check is not None:
        option.check.test(option.name, value)
    return value


def default_value(option: Option) -> Value:
    """Return the parsed default.

    Raises ConfigError with Kafka's text when the option has no default at all.
    """
    if isinstance(option.default, Required):
        raise ConfigError(f'Missing required configuration "{option.name}" which has no default value.')
    return None if option.default is None else parse_type(option.name, option.type, option.default)


_INTEGER = re.compile(r"[+-]?(?:(?![\U00010000-\U0010ffff])\d)+")
"""Java takes the decimal digits of every script, of those that are one UTF-16 unit."""
_DOUBLE = re.compile(
    r"[+-]?(NaN|Infinity|(([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?)[fFdD]?)",
    re.ASCII,
)
_INTEGER_BITS = {OptionType.SHORT: 16, OptionType.INT: 32, OptionType.LONG: 64}
_LIST_SEPARATOR = re.compile(r"[ \t\n\x0b\f\r]*,[ \t\n\x0b\f\r]*")
_JAVA_TRIMMED = "".join(map(chr, range(0x21)))
"""What Java's `String.trim` removes: everything up to and including the space."""


def java_trim(text: str) -> str:
    """Return the text as Java's `String.trim` leaves it."""
    return text.strip(_JAVA_TRIMMED)


def parse_type(name: str, option_type: OptionType, text: str) -> Value:
    """Parse a text by type alone, as `ConfigDef.parseType` does. Raises ConfigError."""
    trimmed = java_trim(text)
    if option_type is OptionType.BOOLEAN:
        if trimmed.lower() not in {"true", "false"}:
            raise invalid_value(name, text, "Expected value to be either true or false")
        return trimmed.lower() == "true"
    if option_type in _INTEGER_BITS:
        return _parse_integer(name, option_type, text, trimmed)
    if option_type is OptionType.DOUBLE:
        if not _DOUBLE.fullmatch(trimmed):
            raise invalid_value(name, text, "Not a number of type DOUBLE")
        return float(trimmed.rstrip("fFdD") if trimmed[-1] in "fFdD" else trimmed)
    if option_type is OptionType.LIST:
        return tuple(_LIST_SEPARATOR.split(trimmed)) if trimmed else ()
    return trimmed


def _parse_integer(name: str, option_type: OptionType, text: str, trimmed: str) -> int:
    limit = 1 << (_INTEGER_BITS[option_type] - 1)
    if _INTEGER.fullmatch(trimmed):
        # Python refuses to convert thousands of digits; no number of that length is in range anyway.
        number = int(trimmed) if len(trimmed) <= 64 else limit
        if -limit <= number < limit:
            return number
    raise invalid_value(name, text, f"Not a number of type {option_type.name}")


def value_text(value: Value) -> str | None:
    """Print a parsed value as `ConfigDef.convertToString` does; None stays None."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return java_double_text(value)
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value)


def java_double_text(value: float) -> str:
    """Print a double as Java's `Double.toString`: plain from 0.001 to 10 million, else with an exponent."""
    if value != value:  # noqa: PLR0124 - the portable test for NaN
        return "NaN"
    if value in {float("inf"), float("-inf")}:
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        digits = repr(value)
        if "e" not in digits:
            return digits
    mantissa, _, exponent = f"{value!r}".partition("e")
    if not exponent:
        sign, digits = ("-", mantissa[1:]) if mantissa.startswith("-") else ("", mantissa)
        whole, _, fraction = digits.partition(".")
        significant = (whole + fraction).lstrip("0")
        leading_zeros = len(whole + fraction) - len(significant)
        power = len(whole) - 1 - leading_zeros
        significant = significant.rstrip("0") or "0"
        return f"{sign}{significant[0]}.{significant[1:] or '0'}E{power}"
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}E{int(exponent)}"
