"""Which topics and partitions a user means: Kafka's `IncludeList` and `TopicPartitionFilter`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ottla.cli.failures import ToolError
from ottla.cli.java_text import java_split
from ottla.cli.jopt import INTEGER
from ottla.java_regex import UnsupportedRegexError, compile_java_regex
from ottla.types import INTERNAL_TOPICS, TopicPartition

ANY_TOPIC = ".*"
MAX_PARTITION = (1 << 31) - 1
"""The upper bound of a range without one; exclusive, as in Kafka."""

_OUTER_QUOTES = re.compile(r"^[\"']+|[\"']+\Z")
_RULE = re.compile(r"([^:,]*)(?::(?:([0-9]*)|(?:([0-9]*)-([0-9]*))))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class TopicFilter:
    """A regular expression for the names of topics, which has to fit all of a name."""

    pattern: re.Pattern[str]

    def fits(self, topic: str, *, excludes_internal: bool = False) -> bool:
        """Tell whether a topic is meant."""
        if excludes_internal and topic in INTERNAL_TOPICS:
            return False
        return self.pattern.fullmatch(topic) is not None


def topic_filter(text: str) -> TopicFilter:
    """Read a user's expression; commas mean "or", blanks and quotes around it mean nothing. Raises ToolError."""
    expression = _OUTER_QUOTES.sub("", text.strip().replace(",", "|").replace(" ", ""))
    try:
        return TopicFilter(compile_java_regex(expression))
    except UnsupportedRegexError as error:
        raise ToolError("java.lang.UnsupportedOperationException", str(error)) from None
    except ValueError:
        raise ToolError("java.lang.RuntimeException", f"{expression} is an invalid regex.") from None


@dataclass(frozen=True, slots=True)
class PartitionFilter:
    """Topics, and which of their partitions."""

    topics: TopicFilter
    has_partition: Callable[[int], bool]

    def fits(self, partition: TopicPartition) -> bool:
        """Tell whether a partition is meant."""
        return self.topics.fits(partition.topic) and self.has_partition(partition.partition)


def any_topic(filters: Sequence[PartitionFilter], topic: str) -> bool:
    """Tell whether one of the filters has partitions of a topic in mind."""
    return any(each.topics.fits(topic) for each in filters)


def any_partition(filters: Sequence[PartitionFilter], partition: TopicPartition) -> bool:
    """Tell whether one of the filters fits a partition."""
    return any(each.fits(partition) for each in filters)


def numbered_partitions(topic: str | None, numbers: frozenset[int]) -> PartitionFilter:
    """Return the filter for these partitions, all where there are none, of the topics that an expression fits."""
    return PartitionFilter(
        topic_filter(ANY_TOPIC if topic is None else topic),
        (lambda number: number in numbers) if numbers else (lambda _: True),
    )


def partition_rules(text: str) -> tuple[PartitionFilter, ...]:
    """Read rules such as `topic1:1,topic2:0-3,topic3,:5-`, the upper end of a range exclusive. Raises ToolError."""
    return tuple(_partition_rule(rule) for rule in java_split(text, ","))


def _partition_rule(text: str) -> PartitionFilter:
    found = _RULE.fullmatch(text)
    if found is None:
        # Java wraps the failure, which is why its class is part of the text.
        raise ToolError(
            "java.lang.RuntimeException",
            f"org.apache.kafka.tools.TerseException: Invalid rule specification: {text}",
        )
    topic, number, lower, upper = found.groups()
    topics = topic_filter(topic or ANY_TOPIC)
    if number:
        only = _partition_number(number)
        return PartitionFilter(topics, lambda partition: partition == only)
    lowest = _partition_number(lower) if lower else 0
    end = _partition_number(upper) if upper else MAX_PARTITION
    return PartitionFilter(topics, lambda partition: lowest <= partition < end)


def _partition_number(text: str) -> int:
    try:
        number: int = INTEGER.read(text)
    except ValueError:
        raise ToolError("java.lang.NumberFormatException", f'For input string: "{text}"') from None
    return number
