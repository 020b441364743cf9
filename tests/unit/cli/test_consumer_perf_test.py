"""The lines of the consumer's perf test."""

import pytest

from ottla.cli.consumer_perf_test import (
    ROWS,
    Interval,
    Progress,
    check_options,
    consumer_properties,
    main,
    progress_line,
    total_line,
)
from ottla.cli.failures import UsageError
from ottla.cli.jopt import parse
from ottla.client.consumer import ConsumerRecord

MEGABYTE = 1024 * 1024


def show(time_ms: int) -> str:
    return f"<{time_ms}>"


def test_keys_and_values_are_counted():
    progress = Progress()
    progress.add(
        [
            ConsumerRecord("t", 0, 0, 0, False, b"key", b"value", (), -1),
            ConsumerRecord("t", 0, 1, 0, False, None, None, (), -1),
        ]
    )
    assert (progress.record_count, progress.size_bytes) == (2, 8)


def test_the_whole_run_is_a_line():
    progress = Progress(record_count=1000, size_bytes=3 * MEGABYTE, join_ms=500)
    assert total_line(progress, 1000, 3000, show) == (
        "<1000>, <3000>, 3.0000, 1.5000, 1000, 500.0000, 500, 1500, 2.0000, 666.6667"
    )


def test_a_run_of_no_time_divides_by_nothing():
    assert total_line(Progress(), 1000, 1000, show) == "<1000>, <1000>, 0.0000, NaN, 0, NaN, 0, 0, NaN, NaN"


def test_an_interval_is_a_line():
    progress = Progress(record_count=300, size_bytes=3 * MEGABYTE, join_ms=200)
    line = progress_line(progress, Interval(1000, 100, MEGABYTE), 2000, show)
    assert line == "<2000>, 0, 3.0000, 2.0000, 300, 200.0000, 200, 800, 2.5000, 250.0000"
    later = progress_line(progress, Interval(1000, 100, MEGABYTE, 0), 2000, show)
    assert later == "<2000>, 0, 3.0000, 2.0000, 300, 200.0000, 0, 1000, 2.0000, 200.0000"


def test_an_interval_that_the_group_has_taken_alone_fetched_nothing():
    progress = Progress(join_ms=5000)
    assert progress_line(progress, Interval(0), 5000, show).endswith(", 5000, 0, 0.0000, 0.0000")


def test_rebalances_are_timed():
    progress = Progress()
    progress.join_start_ms -= 70
    progress.on_assigned([])
    assert progress.join_ms >= 70
    assert progress.rebalance_count == 1


def test_settings_of_the_command_line_go_before_those_of_the_file(tmp_path):
    path = tmp_path / "consumer.properties"
    path.write_text("client.id=file\nfetch.min.bytes=3\n")
    options = parse(
        ROWS,
        [
            *("--bootstrap-server", "a:1", "--command-config", str(path)),
            *("--command-property", "client.id=mine", "--command-property", "max.poll.records=7"),
        ],
    )
    properties = consumer_properties(options)
    assert {name: properties[name] for name in ("client.id", "fetch.min.bytes", "max.poll.records")} == {
        "client.id": "mine",
        "fetch.min.bytes": "3",
        "max.poll.records": "7",
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--messages", "1"], 'Missing required argument "[topic]"'),
        (["--include", "a.*"], 'Missing required argument "[messages]"'),
        (
            ["--include", "a.*", "--topic", "a", "--messages", "1"],
            "Exactly one of the following arguments is required: [topic], [include]",
        ),
    ],
)
def test_topics_are_named_in_one_way(arguments, message):
    with pytest.raises(UsageError) as error:
        check_options(parse(ROWS, arguments))
    assert str(error.value).startswith(message)
    check_options(parse(ROWS, ["--include", "a.*", "--num-records", "1"]))


def test_topics_are_read_by_a_pattern(bootstrap, capsys):
    arguments = ["--bootstrap-server", bootstrap, "--include", "on.", "--num-records", "5", "--hide-header"]
    assert main(arguments) == 0
    assert capsys.readouterr().out.split(", ")[4] == "5"


def test_a_pattern_that_is_none_ends_the_tool(bootstrap, capsys):
    assert main(["--bootstrap-server", bootstrap, "--include", "[", "--messages", "1"]) == 1
    assert "java.util.regex.PatternSyntaxException" in capsys.readouterr().err
