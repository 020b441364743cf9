"""The command line and the payloads of the producer's perf test."""

import pytest

from ottla.cli.arguments import ArgumentsError
from ottla.cli.failures import ToolError
from ottla.cli.producer_perf_test import PerfRun, main, read_command_line, read_payloads

BASE = ("--topic", "t", "--num-records", "5", "--throughput", "-1")


def read(*arguments: str) -> PerfRun:
    return read_command_line([*BASE, *arguments])


def test_settings_are_put_together(tmp_path):
    path = tmp_path / "producer.properties"
    path.write_text("acks=0\nlinger.ms=3\n")
    run = read("--record-size", "8", "--producer.config", str(path), "--producer-props", "acks=1", "a=b")
    assert run.properties == {"acks": "1", "linger.ms": "3", "a": "b", "client.id": "perf-producer-client"}
    assert (run.topic, run.record_count, run.throughput, run.prints_metrics) == ("t", 5, -1.0, False)


def test_payloads_of_a_size_are_letters():
    payload = read("--record-size", "300", "--producer-props", "a=b").payload
    first, second = payload(0), payload(1)
    assert len(first) == 300
    assert first != second
    assert set(first) == set(range(ord("A"), ord("Z") + 1))


def test_monotonic_payloads_are_numbers():
    payload = read("--payload-monotonic", "--producer-props", "a=b").payload
    assert [payload(number) for number in (0, 1, 12)] == [b"0", b"1", b"12"]


def test_payloads_of_a_file_are_drawn(tmp_path, capsys):
    path = tmp_path / "payloads"
    path.write_text("one\ntwo\nthree\n")
    payload = read("--payload-file", str(path), "--producer-props", "a=b").payload
    assert {payload(number) for number in range(50)} == {b"one", b"two", b"three"}
    assert capsys.readouterr().out == f"Reading payloads from: {path}\nNumber of messages read: 3\n"


@pytest.mark.parametrize(
    ("text", "delimiter", "parts"),
    [
        ("a\n\nb\n", "\n", [b"a", b"", b"b"]),
        (";a;b;;", ";", [b"a", b"b", b""]),
        ("\n", "\n", []),
        ("a1b22c", "[0-9]+", [b"a", b"b", b"c"]),
        ("\u00e4", "\n", ["\u00e4".encode()]),
    ],
)
def test_a_file_has_parts_as_javas_scanner_sees_them(tmp_path, text, delimiter, parts):
    path = tmp_path / "payloads"
    path.write_text(text)
    assert read_payloads(path, delimiter) == parts


@pytest.mark.parametrize("content", [None, ""])
def test_a_file_without_content_is_refused(tmp_path, content):
    path = tmp_path / "payloads"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ToolError, match="File does not exist or empty file provided"):
        read_payloads(path, "\n")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--record-size", "0", "--producer-props", "a=b"), "--record-size should be greater than zero"),
        (("--record-size", "1"), "Either --producer-props or --producer.config must be specified."),
        (
            ("--record-size", "1", "--producer-props", "a=b", "--transaction-duration-ms", "0"),
            "--transaction-duration-ms should be greater than zero",
        ),
        (
            ("--record-size", "1", "--producer-props", "a=b", "--reporting-interval", "0"),
            "--reporting-interval should be greater than zero",
        ),
        (
            ("--record-size", "1", "--producer-props", "a=b", "--warmup-records", "5"),
            (
                "The value for --warmup-records must be strictly fewer than the number of records in the test, "
                "--num-records."
            ),
        ),
        (
            ("--producer-props", "a=b"),
            "one of the arguments --record-size --payload-file --payload-monotonic is required",
        ),
    ],
)
def test_what_cannot_be_is_refused(arguments, reason):
    with pytest.raises(ArgumentsError) as error:
        read(*arguments)
    assert error.value.text.endswith(f"\nproducer-performance: error: {reason}\n")


def test_options_of_kafka_4_2_are_taken():
    run = read(
        "--record-size", "1", "--command-property", "bootstrap.servers=a:1", "--bootstrap-server", "b:2"
    )
    assert run.properties["bootstrap.servers"] == "b:2"
    assert (run.warmup_count, run.report_interval_ms) == (0, 5000)
    run = read(
        "--record-size",
        "1",
        "--bootstrap-server",
        "b:2",
        "--warmup-records",
        "4",
        "--reporting-interval",
        "50",
    )
    assert (run.warmup_count, run.report_interval_ms) == (4, 50)
    assert read("--record-size", "1", "--bootstrap-server", "b:2", "--warmup-records", "-7").warmup_count == 0


def test_options_of_kafka_4_2_do_not_come_between_abbreviations():
    assert len(read("--re", "7", "--producer-", "a=b").payload(0)) == 7
    with pytest.raises(ArgumentsError, match="unrecognized arguments: '--boot'"):
        read("--record-size", "1", "--boot", "b:2")


def test_a_run_with_a_warm_up_has_a_line_for_what_came_after_it(bootstrap, capsys):
    arguments = ("--topic", "warmed", "--num-records", "7", "--record-size", "9", "--throughput", "-1")
    assert main([*arguments, "--bootstrap-server", bootstrap, "--warmup-records", "4"]) == 0
    first, *totals = capsys.readouterr().out.splitlines()
    assert first == "Warmup first 4 records. Steady state results will print after the complete test summary."
    assert [line.split(",")[0] for line in totals] == ["7 records sent", "3 steady state records sent"]


@pytest.mark.parametrize("text", ["ab", "a=b=c", "a="])
def test_a_setting_is_a_name_and_a_value(text):
    with pytest.raises(ToolError, match=f"Invalid property: {text}"):
        read("--record-size", "1", "--producer-props", text)


def test_transactions_are_asked_of_the_producer_which_refuses_them():
    run = read("--record-size", "1", "--producer-props", "a=b", "--transactional-id", "mine")
    assert run.properties["transactional.id"] == "mine"
    timed = read("--record-size", "1", "--producer-props", "a=b", "--transaction-duration-ms", "5")
    assert timed.properties["transactional.id"].startswith("performance-producer-")
    named = read(
        "--record-size", "1", "--producer-props", "transactional.id=x", "--transaction-duration-ms", "5"
    )
    assert named.properties["transactional.id"] == "x"
