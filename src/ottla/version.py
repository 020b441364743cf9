"""The versions that Ottla shows: its own, and that of the Apache Kafka whose behaviour it has."""

OTTLA_VERSION = "0.1.0"

KAFKA_VERSION = "4.1.1"
KAFKA_COMMIT_ID = "be816b82d25370ce"
"""Abbreviated commit of the 4.1.1 release, as Kafka logs it at start (facts page, baseline)."""
