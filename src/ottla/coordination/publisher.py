"""Hands each new image to those who follow the cluster's metadata, always in the same order.

An exception of a subscriber is a bug and is raised: a broker that serves half of an image would lie to its clients.
"""

from __future__ import annotations

from typing import Protocol

from ottla.metadata.image import EMPTY, ClusterImage, ImageDelta


class ImageSubscriber(Protocol):
    """Who follows the metadata."""

    def on_image(self, image: ClusterImage, delta: ImageDelta) -> None:
        """Follow the change from `delta.before` to `image`; called on the loop, must not block."""


class ImagePublisher:
    """Keeps the newest image and its subscribers."""

    def __init__(self) -> None:
        self._image = EMPTY
        self._subscribers: list[ImageSubscriber] = []

    @property
    def image(self) -> ClusterImage:
        """The newest image; subscribers see it from within `on_image`, too."""
        return self._image

    def subscribe(self, subscriber: ImageSubscriber) -> None:
        """Add a subscriber behind those before it; it hears of images from now on."""
        self._subscribers.append(subscriber)

    def publish(self, image: ClusterImage, delta: ImageDelta) -> None:
        """Make this the newest image and tell every subscriber.

        `delta` must start at the image before.
        """
        assert delta.before is self._image, "no image may be left out"
        self._image = image
        for subscriber in self._subscribers:
            subscriber.on_image(image, delta)
