"""Options of a group, for the group protocols that have them."""

from __future__ import annotations

from ottla.config.checks import at_least, one_of, share_offset_reset
from ottla.config.kinds import GROUP, INT, MEDIUM, STRING
from ottla.config.option import Option, inert
from ottla.config.tables import reasons

_OPTIONS = (
    Option(
        "consumer.heartbeat.interval.ms",
        INT,
        "5000",
        MEDIUM,
        "",
        scope=GROUP,
        check=at_least(1),
        status=inert(reasons.CONSUMER_PROTOCOL),
    ),
    Option(
        "consumer.session.timeout.ms",
        INT,
        "45000",
        MEDIUM,
        "",
        scope=GROUP,
        check=at_least(1),
        status=inert(reasons.CONSUMER_PROTOCOL),
    ),
    Option(
        "share.auto.offset.reset",
        STRING,
        "latest",
        MEDIUM,
        "",
        scope=GROUP,
        check=share_offset_reset(),
        status=inert(reasons.SHARE_GROUPS),
    ),
    Option(
        "share.heartbeat.interval.ms",
        INT,
        "5000",
        MEDIUM,
        "",
        scope=GROUP,
        check=at_least(1),
        status=inert(reasons.SHARE_GROUPS),
    ),
    Option(
        "share.isolation.level",
        STRING,
        "read_uncommitted",
        MEDIUM,
        "",
        scope=GROUP,
        check=one_of("read_committed", "read_uncommitted"),
        status=inert(reasons.SHARE_GROUPS),
    ),
    Option(
        "share.record.lock.duration.ms",
        INT,
        "30000",
        MEDIUM,
        "",
        scope=GROUP,
        check=at_least(1000),
        status=inert(reasons.SHARE_GROUPS),
    ),
    Option(
        "share.session.timeout.ms",
        INT,
        "45000",
        MEDIUM,
        "",
        scope=GROUP,
        check=at_least(1),
        status=inert(reasons.SHARE_GROUPS),
    ),
    Option(
        "streams.heartbeat.interval.ms",
        INT,
        "5000",
        MEDIUM,
        "",
        scope=GROUP,
        check=at_least(1),
        status=inert(reasons.STREAMS_GROUPS),
    ),
    Option(
        "streams.num.standby.replicas",
        INT,
        "0",
        MEDIUM,
        "",
        scope=GROUP,
        check=at_least(0),
        status=inert(reasons.STREAMS_GROUPS),
    ),
    Option(
        "streams.session.timeout.ms",
        INT,
        "45000",
        MEDIUM,
        "",
        scope=GROUP,
        check=at_least(1),
        status=inert(reasons.STREAMS_GROUPS),
    ),
)

GROUP_OPTIONS: dict[str, Option] = {
    option.name: option for option in sorted(_OPTIONS, key=lambda each: each.name)
}
"""Every group option of Apache Kafka 4.1.1, by name, in alphabetical order."""
