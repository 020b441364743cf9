"""Options of a broker that no file can set: only dynamic settings (Kafka's `QuotaConfig.brokerQuotaConfigs`).

They stand apart from `BROKER_OPTIONS`, since DescribeConfigs shows one of these only where it is set.
"""

from __future__ import annotations

from ottla.config.checks import at_least
from ottla.config.kinds import CLUSTER_WIDE, LONG, MEDIUM
from ottla.config.option import Option, inert
from ottla.config.tables import reasons


def _rate(name: str) -> Option:
    return Option(
        name,
        LONG,
        "9223372036854775807",
        MEDIUM,
        "",
        scope=CLUSTER_WIDE,
        check=at_least(0),
        status=inert(reasons.ONE_NODE),
    )


BROKER_QUOTA_OPTIONS: dict[str, Option] = {
    name: _rate(name)
    for name in (
        "leader.replication.throttled.rate",
        "follower.replication.throttled.rate",
        "replica.alter.log.dirs.io.max.bytes.per.second",
    )
}
"""How many bytes a second replication and moves between log directories may take, by name, as Kafka defines them."""
