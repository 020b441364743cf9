import pytest

from ottla.cli.failures import UsageError
from ottla.cli.json_input import print_json
from ottla.cli.log_dirs import main, shown_directories
from ottla.errors import ErrorCode
from ottla.protocol.messages.describe_log_dirs import (
    DescribeLogDirsPartition,
    DescribeLogDirsResult,
    DescribeLogDirsTopic,
)

RESULT = DescribeLogDirsResult(
    log_dir="/data",
    topics=[
        DescribeLogDirsTopic(
            name="t",
            partitions=[DescribeLogDirsPartition(partition_index=0, partition_size=73, offset_lag=2)],
        ),
        DescribeLogDirsTopic(
            name="u", partitions=[DescribeLogDirsPartition(partition_index=3, is_future_key=True)]
        ),
    ],
)


def test_directories_are_shown_with_their_partitions() -> None:
    assert print_json(shown_directories([RESULT], {"t"})) == (
        '[{"partitions":[{"partition":"t-0","size":73,"offsetLag":2,"isFuture":false}],"error":null,"logDir":"/data"}]'
    )
    (directory,) = shown_directories([RESULT], set())
    assert {each["partition"]: each["isFuture"] for each in directory["partitions"]} == {
        "t-0": False,
        "u-3": True,
    }


def test_an_error_is_shown_by_its_class() -> None:
    offline = DescribeLogDirsResult(error_code=ErrorCode.KAFKA_STORAGE_ERROR, log_dir="/broken")
    assert shown_directories([offline], set()) == [
        {
            "partitions": [],
            "error": "org.apache.kafka.common.errors.KafkaStorageException",
            "logDir": "/broken",
        }
    ]


@pytest.mark.parametrize(
    ("arguments", "name"), [(["--describe"], "bootstrap-server"), (["--bootstrap-server", "a:1"], "describe")]
)
def test_what_is_needed_is_asked_for(arguments: list[str], name: str) -> None:
    with pytest.raises(UsageError) as caught:
        main(arguments)
    assert caught.value.text.startswith(f'Missing required argument "[{name}]"')
