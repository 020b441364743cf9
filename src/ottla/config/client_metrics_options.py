"""Options of a subscription to the metrics of clients (KIP-714)."""

from __future__ import annotations

from ottla.config.kinds import CLIENT_METRICS, INT, LIST, MEDIUM
from ottla.config.option import Option, OptionType, inert
from ottla.config.tables import reasons


def _option(name: str, option_type: OptionType, default: str) -> Option:
    return Option(
        name, option_type, default, MEDIUM, "", scope=CLIENT_METRICS, status=inert(reasons.TELEMETRY)
    )


CLIENT_METRICS_OPTIONS: dict[str, Option] = {
    option.name: option
    for option in (
        _option("interval.ms", INT, "300000"),
        _option("match", LIST, ""),
        _option("metrics", LIST, ""),
    )
}
"""Every option of a subscription in Apache Kafka 4.1.1, by name, in alphabetical order."""
