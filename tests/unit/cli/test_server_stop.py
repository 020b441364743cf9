"""Which processes are servers; that they are stopped is shown in test_server_start."""

import pytest

from ottla.cli import server_stop
from ottla.cli.main import main
from ottla.cli.server_stop import ServerProcess, server_arguments

CODE = "import sys; sys.path += ['/a']; from ottla.cli.main import main; sys.exit(main())"


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        (
            ["python3", "-IS", "-c", CODE, "run-class", "kafka.Kafka", "a.properties"],
            ["--config", "a.properties"],
        ),
        (["python3", "/usr/local/bin/ottla"], []),
        (["python3", "/usr/local/bin/ottla", "server", "--data", "d"], ["--data", "d"]),
        (["python3", "/usr/local/bin/ottla", "--data", "d"], ["--data", "d"]),
        (["python3", "-m", "ottla", "server"], []),
        (["python3", "/usr/lib/python3/site-packages/ottla/__main__.py", "server"], []),
        (["python3", "-m", "ottla", "topics", "--list"], None),
        (["python3", "-IS", "-c", CODE, "run-class", "kafka.tools.StorageTool"], None),
        (["java", "-cp", "x", "kafka.Kafka", "server.properties"], None),
        (["vi", "/src/ottla/cli/server.py"], None),
        ([""], None),
    ],
)
def test_a_server_is_known_by_its_command_line(line: list[str], arguments: list[str] | None) -> None:
    assert server_arguments(line) == arguments


def test_where_there_is_none_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(server_stop, "running_servers", lambda: iter(()))
    assert main(["server-stop"]) == 1
    assert tuple(capsys.readouterr()) == ("No kafka server to stop\n", "")


def test_the_node_id_goes_over_the_role(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [ServerProcess(process_id=1, config=None)]
    monkeypatch.setattr(server_stop, "running_servers", lambda: iter(found))
    assert main(["server-stop", "--process-role=broker", "--node-id=7"]) == 0
    assert capsys.readouterr().out == (
        "When both node-id and process-role are provided, the value for node-id will take precedence\n"
    )


def test_a_signal_that_there_is_not_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SIGNAL", "NOTHING")
    assert main(["server-stop"]) == 1
    assert capsys.readouterr().err == "ottla: SIGNAL=NOTHING: there is no such signal\n"
