"""The topics of Metadata answers as bytes, made once for as long as a topic stays as it is.

A client that asks for a thousand topics gets the same bytes again and again; to make them anew takes 10 us a topic, to
find them less than one. A topic is known by its image, which is another one after each change.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ottla.metadata.aspects.topics import TopicImage
from ottla.protocol.messages.metadata import MetadataResponse, MetadataResponseTopic
from ottla.wire.compiler import element_encoder

MOST_BYTES = 4 * 1024 * 1024
"""Kept at most, 40,000 topics' worth of one partition in one version; what is beyond begins anew."""

OBJECT_BYTES = 300
"""What keeping costs beside the bytes themselves, measured for a dict with keys of 16 bytes."""


class TopicAnswers:
    """What was encoded while certain brokers were live, on which alone an answer without errors depends."""

    def __init__(self) -> None:
        self._live: dict[str, frozenset[int]] = {}
        self._kept: dict[tuple[int, str, int], dict[bytes, tuple[TopicImage, bytes]]] = {}
        self._bytes = 0

    def find(
        self,
        topic: TopicImage,
        live: frozenset[int],
        version: int,
        listener_name: str,
        operations: int,
        describe: Callable[[TopicImage], MetadataResponseTopic],
    ) -> bytes | MetadataResponseTopic:
        """Return the topic encoded for an answer of this version, or as `describe` gives it where it has an error."""
        if self._live.get(listener_name) != live:
            self._forget()
            self._live[listener_name] = live
        kind = (version, listener_name, operations)
        kept = self._kept.get(kind)
        if kept is None:
            kept = self._kept[kind] = {}
        found = kept.get(topic.topic_id)
        if found is not None and found[0] is topic:
            return found[1]
        described = describe(topic)
        if any(partition.error_code for partition in described.partitions):
            return described  # whoever counts errors looks for them
        pieces: list[Any] = []
        element_encoder(MetadataResponse, MetadataResponseTopic, version)(described, pieces)
        encoded = b"".join(pieces)
        self._bytes += len(encoded) + OBJECT_BYTES
        if self._bytes > MOST_BYTES:
            self._forget()
            kept = self._kept[kind] = {}
            self._bytes = len(encoded) + OBJECT_BYTES
        kept[topic.topic_id] = (topic, encoded)
        return encoded

    def _forget(self) -> None:
        self._kept.clear()
        self._bytes = 0
