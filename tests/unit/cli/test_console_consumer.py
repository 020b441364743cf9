"""What the console consumer has printed, and what it must not commit."""

import io

import pytest

from ottla.cli.console_consumer import Printing
from ottla.cli.console_consumer_options import read_command_line
from ottla.cli.failures import ToolError
from ottla.client.consumer import ConsumerRecord
from ottla.types import TopicPartition

LONGS = ("--value-deserializer", "org.apache.kafka.common.serialization.LongDeserializer")


def record(partition: int, offset: int, value: bytes = b"v") -> ConsumerRecord:
    return ConsumerRecord("t", partition, offset, 0, False, None, value, (), -1)


def printing(*arguments: str) -> tuple[Printing, io.BytesIO]:
    out = io.BytesIO()
    return Printing(read_command_line(["--bootstrap-server", "h:1", "--topic", "t", *arguments]), out), out


def test_what_was_polled_and_not_printed_is_known_by_partition():
    taken, out = printing()
    polled = [record(0, 5), record(1, 8), record(0, 6), record(1, 9)]
    assert taken.take(polled[:2], polled)
    assert (taken.count, out.getvalue()) == (2, b"v\nv\n")
    assert taken.first_unprinted() == {TopicPartition("t", 0): 6, TopicPartition("t", 1): 9}
    assert taken.take(polled, polled)
    assert taken.first_unprinted() == {}


def test_a_record_that_cannot_be_printed_ends_the_printing_behind_it():
    taken, out = printing(*LONGS)
    polled = [record(0, 1, bytes(8)), record(0, 2), record(0, 3, bytes(8))]
    with pytest.raises(ToolError, match="LongDeserializer is not 8"):
        taken.take(polled, polled)
    assert (taken.count, out.getvalue()) == (2, b"0\n")
    assert taken.first_unprinted() == {TopicPartition("t", 0): 3}


def test_or_is_left_out_where_that_was_asked_for(capsys):
    taken, out = printing(*LONGS, "--skip-message-on-error")
    polled = [record(0, 1, bytes(8)), record(0, 2), record(0, 3, bytes(8))]
    assert taken.take(polled, polled)
    assert (taken.count, out.getvalue()) == (3, b"0\n0\n")
    assert "ERROR Error processing message, skipping this message:  (org.apache.kafka.tools.consumer.Con" in (
        capsys.readouterr().err
    )
