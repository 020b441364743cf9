import sys
from pathlib import Path

import pytest
from tests.support.waiting import eventually

from ottla.cli.main import run_script
from ottla.cli.run_class import start_daemon


def run(*words: str) -> int:
    return run_script("kafka-run-class.sh", words)


def test_a_class_is_run_by_its_name_of_any_version(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("kafka.tools.StorageTool", "org.apache.kafka.tools.StorageTool"):
        assert run(name, "random-uuid") == 0
        assert len(capsys.readouterr().out) == 23


def test_flags_of_the_script_and_of_a_jvm_go_before_the_class(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("-name", "x", "-loggc", "-Xmx1G", "-Da=b", "kafka.Kafka", "--version") == 0
    assert capsys.readouterr().out == "4.1.1\n"


@pytest.mark.parametrize("words", [(), ("-loggc",), ("-name", "x")])
def test_without_a_class_the_usage_is_shown(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words) == 1
    assert capsys.readouterr().out == (
        "USAGE: kafka-run-class.sh [-daemon] [-name servicename] [-loggc] classname [opts]\n"
    )


def test_a_flag_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for flag in ("-name", "-frobnicate"):
        assert run(flag) == 1
        assert capsys.readouterr().err == f"Unrecognized option: {flag}\n"


def test_a_class_that_there_is_not_is_named_as_java_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("kafka.Nothing") == 1
    assert capsys.readouterr().err == (
        "Error: Could not find or load main class kafka.Nothing\n"
        "Caused by: java.lang.ClassNotFoundException: kafka.Nothing\n"
    )


def test_a_daemon_writes_to_its_file_and_has_no_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_DIR", str(tmp_path / "logs"))
    code = "import os, sys; print(os.getsid(0) == os.getpid(), sys.stdin.read() == '')"
    assert start_daemon("some", [sys.executable, "-c", code]) == 0
    eventually(lambda: (tmp_path / "logs" / "some.out").read_text() == "True True\n")


def test_a_daemon_that_cannot_write_is_not_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs").write_text("")
    monkeypatch.setenv("LOG_DIR", str(tmp_path / "logs"))
    assert start_daemon("some", ["/nonexistent"]) == 1
    assert "some.out: File exists" in capsys.readouterr().err
