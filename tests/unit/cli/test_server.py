from pathlib import Path

import pytest

from ottla.cli.common import CommandError
from ottla.cli.server import greeting, main
from ottla.config.broker import embedded_broker_config


def test_the_greeting_says_where_it_listens_where_the_data_is_and_how_to_try_it(tmp_path: Path) -> None:
    config = embedded_broker_config(
        {
            "listeners": "PLAINTEXT://[::1]:9192,OTHER://localhost:9193,CONTROLLER://localhost:9194",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,OTHER:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": str(tmp_path),
        }
    )
    assert greeting(config) == (
        "Ottla 0.1.0, speaking Apache Kafka 4.1.1, on [::1]:9192 (PLAINTEXT), localhost:9193 (OTHER)",
        f"Data in {tmp_path}",
        "Try: kafka-console-producer.sh --topic greetings --bootstrap-server [::1]:9192",
    )


def test_a_port_that_is_still_to_be_taken_is_not_invented() -> None:
    config = embedded_broker_config({"listeners": "PLAINTEXT://localhost:0,CONTROLLER://localhost:0"})
    first, _, last = greeting(config)
    assert first.endswith("on localhost:PORT (PLAINTEXT)")
    assert last.endswith("--bootstrap-server localhost:PORT")


def test_help_is_printed_without_starting_anything(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert capsys.readouterr().out.startswith("usage: ottla")


def test_a_rule_between_options_is_named_with_the_lines_that_break_it(tmp_path: Path) -> None:
    file = tmp_path / "server.properties"
    file.write_text(
        "process.roles=broker,controller\nnode.id=1\ncontroller.quorum.voters=1@localhost:9093\n"
        "listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093\n"
        "controller.listener.names=CONTROLLER\nqueued.max.request.bytes=1\n"
    )
    with pytest.raises(CommandError) as caught:
        main(["--config", str(file)])
    assert str(caught.value) == (
        f"queued.max.request.bytes must be larger or equal to socket.request.max.bytes ({file}:6)"
    )


def test_a_wrong_value_in_the_environment_is_named_with_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTTLA_NUM_PARTITIONS", "many")
    with pytest.raises(CommandError) as caught:
        main([])
    assert str(caught.value) == (
        "Invalid value many for configuration num.partitions: Not a number of type INT (OTTLA_NUM_PARTITIONS)"
    )
