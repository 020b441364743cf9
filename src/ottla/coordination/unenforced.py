"""Warns in the log, once, when the metadata begins to hold what this broker keeps but does not enforce.

Quotas are stored and described, so that an Apache Kafka on the same data directory enforces them.
"""

from __future__ import annotations

import logging

from ottla.metadata.image import ClusterImage, ImageDelta

logger = logging.getLogger("ottla.controller")


class UnenforcedQuotas:
    """A subscriber of the publisher that only warns."""

    def __init__(self) -> None:
        self._has_warned = False

    def on_image(self, image: ClusterImage, delta: ImageDelta) -> None:  # noqa: ARG002 - the form of a subscriber
        """Warn at the first image with quotas."""
        if image.client_quotas.by_entity and not self._has_warned:
            self._has_warned = True
            logger.warning("Client quotas are set; they are stored, but this broker does not enforce them")
