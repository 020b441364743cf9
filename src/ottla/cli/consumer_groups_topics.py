"""Reads the topics that kafka-consumer-groups is given: `topic`, or `topic:0,1` for some partitions of it."""

from __future__ import annotations

import re

from ottla.cli.failures import illegal_argument
from ottla.cli.java_text import java_split
from ottla.types import TopicPartition

_INTEGER = re.compile(r"[+-]?[0-9]+")


def parse_topic_partitions(argument: str) -> list[TopicPartition]:
    """Return the partitions of an argument that names some. Raises the failure of an illegal argument."""
    parts = java_split(argument, ":")
    if len(parts) != 2:
        raise illegal_argument(f"Invalid topic arg '{argument}', expected topic name and partitions")
    topic, numbers = parts
    return [TopicPartition(topic, _partition(number, argument)) for number in java_split(numbers, ",")]


def _partition(number: str, argument: str) -> int:
    if _INTEGER.fullmatch(number) and -(1 << 31) <= int(number) < 1 << 31:
        return int(number)
    raise illegal_argument(f"Invalid partition '{number}' specified in topic arg '{argument}''")
