"""The JSON form of messages; that it is Kafka's for every message and version is shown in `tests/golden`."""

import math

import pytest

from ottla.metadata.records import PartitionChangeRecord, TopicRecord, UserScramCredentialRecord
from ottla.protocol.coordinator_records.transaction_records import TransactionLogValue
from ottla.types import uuid_from_text
from ottla.wire.json_form import double_text, json_form, json_text

TOPIC_ID = uuid_from_text("S5ZBEYxmTfOdVv9ZdW5nOw")


def test_identifiers_are_texts_and_bytes_base64():
    assert json_form(TopicRecord(name="t", topic_id=TOPIC_ID), 0) == {
        "name": "t",
        "topicId": "S5ZBEYxmTfOdVv9ZdW5nOw",
    }
    credential = UserScramCredentialRecord(name="u", mechanism=1, salt=b"\0\1\2", iterations=4096)
    assert json_form(credential, 0)["salt"] == "AAEC"


def test_a_tagged_field_with_its_default_is_left_out_and_others_are_not():
    record = PartitionChangeRecord(partition_id=1, topic_id=TOPIC_ID, isr=[], leader=-1)
    assert json_form(record, 0) == {
        "partitionId": 1,
        "topicId": "S5ZBEYxmTfOdVv9ZdW5nOw",
        "isr": [],
        "leader": -1,
    }


def test_fields_of_other_versions_are_left_out():
    value = TransactionLogValue(producer_id=1, previous_producer_id=5, client_transaction_version=2)
    assert "previousProducerId" not in json_form(value, 0)
    assert json_form(value, 1)["previousProducerId"] == 5
    assert json_form(value, 1)["transactionPartitions"] == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1, None, True, False], "b": {}}, '{"a":[1,null,true,false],"b":{}}'),
        ('"\\/\b\f\n\r\t', r'"\"\\/\b\f\n\r\t"'),
        ("\0\x1b\x1f\x7f", '"\\u0000\\u001B\\u001F\x7f"'),
        ("\u00e4\u4e2d\u2028\U0001f600", '"\u00e4\u4e2d\u2028\U0001f600"'),
        (1.5, "1.5"),
        (math.nan, '"NaN"'),
        (-math.inf, '"-Infinity"'),
        (9_007_199_254_740_993, "9007199254740993"),
    ],
)
def test_texts_are_those_of_jackson(value, text):
    assert json_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
        (0.001, "0.001"),
        (0.00099, "9.9E-4"),
        (9_999_999.0, "9999999.0"),
        (10_000_000.0, "1.0E7"),
        (1.5e10, "1.5E10"),
        (-1.7976931348623157e308, "-1.7976931348623157E308"),
        (100.0, "100.0"),
        (1e22, "1.0E22"),
        (5e-324, "4.9E-324"),
    ],
)
def test_numbers_are_those_of_java(value, text):
    assert double_text(value) == text
