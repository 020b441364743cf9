"""Tells operators in the log what has become of the cluster's metadata: topics that come, grow and go, configurations.

One line for each kind of change and no more than a few names in it, however many topics one request makes. Values of
options are left out, since some are secrets.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from ottla.metadata.aspects.configs import ResourceType
from ottla.metadata.image import ClusterImage, ImageDelta

logger = logging.getLogger("ottla.controller")

NAMES_IN_A_LINE = 10
"""Enough for what a person does by hand; what makes more knows the names itself."""


class ImageLog:
    """A subscriber of the publisher that only tells."""

    def on_image(self, image: ClusterImage, delta: ImageDelta) -> None:
        """Tell what lies between the image before and this one."""
        if not logger.isEnabledFor(logging.INFO):
            return
        created, grown = [], []
        for topic_id, topic in delta.changed_topics.items():
            before = delta.before.topics.by_id.get(topic_id)
            if before is None:
                created.append(f"{topic.name} with {_counted(len(topic.partitions), 'partition')}")
            elif len(topic.partitions) > len(before.partitions):
                count = _counted(len(topic.partitions), "partition")
                grown.append(f"{topic.name} from {len(before.partitions)} to {count}")
        _tell("Created", "topic", created)
        _tell("Extended", "topic", grown)
        _tell("Deleted", "topic", [topic.name for topic in delta.deleted_topics.values()])
        kept = delta.before.topics.by_name.keys() & image.topics.by_name.keys()
        _tell(
            "Changed the configuration of",
            "resource",
            [
                f"{ResourceType(each.resource_type).name.lower()} {each.name or '(default)'}"
                for each in delta.changed_configs
                if each.resource_type in _SHOWN
                and (each.resource_type != ResourceType.TOPIC or each.name in kept)
            ],
        )


_SHOWN = frozenset(ResourceType)
"""Types of resources that have a name here; a log may hold those of later versions."""


def _tell(what: str, noun: str, items: Sequence[str]) -> None:
    if items:
        logger.info("%s %s: %s", what, _counted(len(items), noun), shortened(items))


def shortened(items: Sequence[str]) -> str:
    """Return a list in the alphabet's order, and of a long one the beginning with the number of those left out."""
    shown = ", ".join(sorted(items)[:NAMES_IN_A_LINE])
    more = len(items) - NAMES_IN_A_LINE
    return f"{shown} and {more} more" if more > 0 else shown


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
