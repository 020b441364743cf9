import pytest

from ottla.cli.delete_records import read_offsets
from ottla.cli.failures import ToolError
from ottla.types import TopicPartition

ONE = '{"topic": "a", "partition": 0, "offset": 1}'


def test_a_file_names_an_offset_for_each_partition() -> None:
    text = '{"partitions": [{"topic": "a", "partition": 0, "offset": 1}, {"topic": "b", "partition": 1, "offset": -1}]}'
    assert read_offsets(text) == {TopicPartition("a", 0): 1, TopicPartition("b", 1): -1}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "The input string is not a valid JSON"),
        ('{"partitions": ', "The input string is not a valid JSON"),
        ("[]", r"Expected JSON object, received \[\]"),
        ('{"partitions": [], "version": 2}', "Not supported version field value 2"),
        ('{"partitions": [], "version": "1"}', 'Expected `Integer` value, received "1"'),
        ('{"version": 1}', "Missing partitions field"),
        ('{"partitions": {}}', r"Expected JSON array, received \{\}"),
        ('{"partitions": [{"partition": 0}]}', "No such field exists: `topic`"),
        (
            '{"partitions": [{"topic": "a", "partition": 3000000000}]}',
            "Expected `Integer` value, received 3000000000",
        ),
        (
            '{"partitions": [{"topic": "a", "partition": 0, "offset": 1.5}]}',
            "Expected `Long` value, received 1.5",
        ),
        (
            f'{{"partitions": [{ONE}, {ONE}]}}',
            "Offset json file contains duplicate topic partitions: a-0",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(text: str, words: str) -> None:
    with pytest.raises(ToolError, match=words):
        read_offsets(text)
