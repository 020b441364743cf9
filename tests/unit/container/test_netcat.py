import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.support.ports import free_port

from ottla.container.netcat import DEFAULT_TIMEOUT_S, UsageError, main, parse

ROOT = Path(__file__).parents[3]
NETCAT = """\
import sys
sys.path.insert(0, sys.argv.pop(1))
from ottla.container.netcat import main
sys.exit(main())
"""


def test_a_port_where_somebody_listens_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        assert main(["-z", "localhost", port]) == 0
        assert main(["-zv", "-w", "2", "127.0.0.1", port]) == 0
    assert capsys.readouterr().err == f"Connection to 127.0.0.1 {port} port succeeded!\n"


def test_a_port_where_nobody_listens_is_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    port = free_port()
    assert main(["-z", "127.0.0.1", str(port)]) == 1
    assert f"connect to 127.0.0.1 port {port} failed: Connection refused" in capsys.readouterr().err


def test_what_is_typed_goes_out_and_what_comes_back_is_shown() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection, connection.makefile("rwb") as stream:
                stream.write(stream.read().upper())

        answering = threading.Thread(target=answer)
        answering.start()
        done = subprocess.run(
            [sys.executable, "-c", NETCAT, str(ROOT / "src"), "127.0.0.1", str(server.getsockname()[1])],
            input=b"hello",
            capture_output=True,
            timeout=30,
            check=True,
        )
        answering.join()
    assert done.stdout == b"HELLO"


def test_flags_may_stand_together_and_anywhere() -> None:
    assert parse(["-vz", "kafka", "9092", "-w3"]) == ("vz", 3.0, "kafka", 9092)
    assert parse(["-z", "-4", "kafka", "9092"]) == ("z4", DEFAULT_TIMEOUT_S, "kafka", 9092)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["kafka"],
        ["kafka", "http"],
        ["kafka", "0"],
        ["-q", "kafka", "1"],
        ["-w", "x", "kafka", "1"],
        ["-w0", "k", "1"],
    ],
)
def test_arguments_that_make_no_sense_are_refused(arguments: list[str]) -> None:
    with pytest.raises(UsageError):
        parse(arguments)
    assert main(arguments) == 1
