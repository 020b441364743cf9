"""Ottla's own options, which Apache Kafka does not know."""

from __future__ import annotations

from ottla.config.checks import between, one_of
from ottla.config.kinds import BOOLEAN, INT, LIST, LOW, MEDIUM, STRING
from ottla.config.option import Option

OPTIONS = (
    Option(
        "ottla.log.level",
        LIST,
        "",
        MEDIUM,
        "What the log shows: a level for everything (INFO where none is given), and `logger=LEVEL` for single loggers "
        "and all below them; docs/logging.md has the loggers. Environment and command line go over it.",
    ),
    Option(
        "ottla.metrics.host",
        STRING,
        None,
        LOW,
        "The address on which metrics are served: a host, or nothing for every address. Without this option it is the "
        "host of the first broker listener.",
    ),
    Option(
        "ottla.metrics.port",
        INT,
        None,
        MEDIUM,
        "The port on which metrics are served to Prometheus, under `/metrics`; 0 takes any free one. Without this "
        "option nothing is measured and no port is opened.",
        check=between(0, 65535),
    ),
    Option(
        "ottla.record.check",
        STRING,
        "full",
        LOW,
        "How closely the records of produced batches are looked at. `full` is what Apache Kafka does: every field of "
        "every record. `sizes` believes the producer: records must fill their batch, by their sizes alone, and their "
        "timestamps are taken from the batch's header; topics that are compacted are still checked in full. It takes a "
        "fifth of the time where records have many sizes, and little less elsewhere, and a consumer may meet a record "
        "that it cannot read.",
        check=one_of("full", "sizes"),
    ),
    Option(
        "ottla.replication.factor.clamp",
        BOOLEAN,
        "true",
        MEDIUM,
        "Whether a topic that gets the replication factor of the configuration (`default.replication.factor`, that of "
        "an internal topic) has no more replicas than there are brokers, and the log tells so. With `false` it is "
        "refused, as Apache Kafka does; one that is asked for with more replicas always is.",
    ),
)
