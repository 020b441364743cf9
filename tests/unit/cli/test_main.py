import sys

import pytest

from ottla.cli.main import main
from ottla.version import OTTLA_VERSION


def test_version_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"ottla {OTTLA_VERSION} (Apache Kafka 4.1.1)\n"


def test_help_names_every_option_of_the_server(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    for option in ("--config", "--data", "--override", "--log-level", "--metrics-port", "--version"):
        assert option in out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["frobnicate"], "ottla: there is no command 'frobnicate'; `ottla --help` lists them\n"),
        (["--bogus"], "ottla: unrecognized arguments: --bogus; `ottla --help` shows what there is\n"),
        (
            ["server", "--config"],
            "ottla: argument --config: expected one argument; `ottla --help` shows what there is\n",
        ),
        (["--config", "/nonexistent/x"], "ottla: cannot read /nonexistent/x: No such file or directory\n"),
        (
            ["--log-level", "LOUD"],
            (
                "ottla: --log-level LOUD: 'LOUD' is no log level; "
                "there are OFF, FATAL, ERROR, WARN, INFO, DEBUG, TRACE, ALL\n"
            ),
        ),
        (
            ["--metrics-port", "65536"],
            (
                "ottla: Invalid value 65536 for configuration ottla.metrics.port: "
                "Value must be no more than 65535 (--metrics-port)\n"
            ),
        ),
        (
            ["--override", "ottla.metrics.prot=1"],
            (
                "ottla: ottla.metrics.prot is not an option of Ottla; there are "
                "ottla.log.level, ottla.metrics.host, ottla.metrics.port, ottla.record.check, "
                "ottla.replication.factor.clamp (--override)\n"
            ),
        ),
        (
            ["--override", "num.partitions=x"],
            "ottla: Invalid value x for configuration num.partitions: Not a number of type INT (--override)\n",
        ),
    ],
)
def test_an_error_is_one_line_on_stderr_and_exit_code_1(
    arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", text)


def test_windows_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert main([]) == 1
    assert capsys.readouterr().err == (
        "ottla: Windows is not supported; run ottla under WSL 2 or in a container\n"
    )
