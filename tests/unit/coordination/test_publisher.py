import pytest

from ottla.coordination.publisher import ImagePublisher
from ottla.metadata.image import EMPTY, ClusterImage, ImageDelta, apply_records
from ottla.metadata.records import FeatureLevelRecord

NEXT, DELTA = apply_records(EMPTY, [FeatureLevelRecord(name="metadata.version", feature_level=27)])


class Follower:
    def __init__(self, publisher: ImagePublisher, calls: list[str], name: str, fails: bool = False) -> None:
        self.publisher = publisher
        self.calls = calls
        self.name = name
        self.fails = fails

    def on_image(self, image: ClusterImage, delta: ImageDelta) -> None:
        assert self.publisher.image is image
        assert delta is DELTA
        if self.fails:
            raise ZeroDivisionError
        self.calls.append(self.name)


def test_subscribers_hear_in_the_order_in_which_they_came() -> None:
    publisher, calls = ImagePublisher(), list[str]()
    publisher.subscribe(Follower(publisher, calls, "partitions"))
    publisher.subscribe(Follower(publisher, calls, "groups"))
    publisher.publish(NEXT, DELTA)
    assert calls == ["partitions", "groups"]


def test_a_bug_in_a_subscriber_is_not_hidden() -> None:
    publisher, calls = ImagePublisher(), list[str]()
    publisher.subscribe(Follower(publisher, calls, "broken", fails=True))
    publisher.subscribe(Follower(publisher, calls, "never"))
    with pytest.raises(ZeroDivisionError):
        publisher.publish(NEXT, DELTA)
    assert calls == []


def test_no_image_is_left_out() -> None:
    publisher = ImagePublisher()
    publisher.publish(NEXT, DELTA)
    with pytest.raises(AssertionError):
        publisher.publish(NEXT, DELTA)
