import pytest

from ottla.protocol.consumer_protocol import ConsumerProtocolSubscription, TopicPartition, subscribed_topics
from ottla.wire.compiler import encode
from ottla.wire.primitives import WireError
from ottla.wire.schema import message_schema_of

WRITTEN_BY_THE_JAVA_CLIENT = bytes.fromhex(
    "000300000002000161000162ffffffff00000001000161000000010000000100000005000172"
)


def test_a_subscription_is_the_one_that_the_java_client_writes():
    subscription = ConsumerProtocolSubscription(
        topics=["a", "b"],
        owned_partitions=[TopicPartition(topic="a", partitions=[1])],
        generation_id=5,
        rack_id="r",
    )
    assert b"\x00\x03" + encode(subscription, 3) == WRITTEN_BY_THE_JAVA_CLIENT


def test_topics_are_found_in_every_version():
    for version in message_schema_of(ConsumerProtocolSubscription).versions:
        written = encode(ConsumerProtocolSubscription(topics=["a", "b"], user_data=b"x"), version)
        assert subscribed_topics(version.to_bytes(2, "big") + written) == ["a", "b"]


def test_topics_are_found_in_a_version_that_is_newer_than_any_known_one():
    assert subscribed_topics(b"\x00\x63" + WRITTEN_BY_THE_JAVA_CLIENT[2:] + b"more") == ["a", "b"]


@pytest.mark.parametrize("metadata", [b"", b"\x00", b"\x00\x01", b"\x00\x01\x00\x00\x00\x01\x00\x05ab"])
def test_bytes_that_are_no_subscription_are_refused(metadata):
    with pytest.raises(WireError):
        subscribed_topics(metadata)
