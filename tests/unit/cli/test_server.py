from pathlib import Path

import pytest

from ottla.cli.server import gather_settings, greeting, run
from ottla.config.broker import embedded_broker_config
from ottla.config.sources import EMBEDDED_SETTINGS


def test_without_a_file_the_embedded_default_lies_below() -> None:
    settings = gather_settings(None, {"log.dirs": ("--data", "/somewhere")}, ["num.partitions=3"])
    assert settings["log.dirs"].text == "/somewhere"
    assert settings["num.partitions"].text == "3"
    assert settings["node.id"] == EMBEDDED_SETTINGS["node.id"]


def test_with_a_file_kafkas_own_defaults_apply(tmp_path: Path) -> None:
    file = tmp_path / "server.properties"
    file.write_text("node.id=5\nlog.dirs=/a\nnum.partitions=2\n")
    settings = gather_settings(
        str(file), {"log.dirs": ("--data", "/b"), "a": ("--a", None)}, ["num.partitions=3"]
    )
    assert {name: (setting.text, setting.origin) for name, setting in settings.items()} == {
        "node.id": ("5", f"{file}:1"),
        "log.dirs": ("/b", "--data"),
        "num.partitions": ("3", "--override"),
    }


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
    assert run(["--help"]) == 0
    assert capsys.readouterr().out.startswith("usage: ottla")
