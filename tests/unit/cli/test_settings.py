from pathlib import Path

import pytest

from ottla.cli.common import CommandError
from ottla.cli.settings import gather_settings
from ottla.config.option import ConfigError
from ottla.config.sources import EMBEDDED_SETTINGS


def test_without_a_file_the_embedded_default_lies_below() -> None:
    settings = gather_settings(None, {}, {"log.dirs": ("--data", "/somewhere")}, ["num.partitions=3"])
    assert settings["log.dirs"].text == "/somewhere"
    assert settings["num.partitions"].text == "3"
    assert settings["node.id"] == EMBEDDED_SETTINGS["node.id"]


def test_with_a_file_kafkas_own_defaults_apply(tmp_path: Path) -> None:
    file = tmp_path / "server.properties"
    file.write_text("node.id=5\nlog.dirs=/a\nnum.partitions=2\n")
    settings = gather_settings(
        str(file), {}, {"log.dirs": ("--data", "/b"), "a": ("--a", None)}, ["num.partitions=3"]
    )
    assert {name: (setting.text, setting.origin) for name, setting in settings.items()} == {
        "node.id": ("5", f"{file}:1"),
        "log.dirs": ("/b", "--data"),
        "num.partitions": ("3", "--override"),
    }


@pytest.mark.parametrize("name", ["server.properties", "ottla.yaml"])
def test_each_later_source_goes_over_the_earlier_ones(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    keys = ["num.partitions", "log.segment.bytes", "log.retention.ms", "message.max.bytes"]
    sign = ": " if name.endswith("yaml") else "="
    file.write_text("".join(f"{key}{sign}1\n" for key in keys))
    settings = gather_settings(
        str(file),
        {"OTTLA_LOG_SEGMENT_BYTES": "2", "OTTLA_LOG_RETENTION_MS": "2", "OTTLA_MESSAGE_MAX_BYTES": "2"},
        {"log.retention.ms": ("--retention", "3"), "message.max.bytes": ("--bytes", "3")},
        ["message.max.bytes=4"],
    )
    assert [settings[key].text for key in keys] == ["1", "2", "3", "4"]
    assert [settings[key].origin for key in keys] == [
        f"{file}:1",
        "OTTLA_LOG_SEGMENT_BYTES",
        "--retention",
        "--override",
    ]


def test_the_environment_goes_over_the_embedded_default_and_moves_what_follows_from_it() -> None:
    settings = gather_settings(None, {"OTTLA_LISTENERS": "PLAINTEXT://:1,CONTROLLER://:2"}, {}, [])
    assert settings["listeners"].text == "PLAINTEXT://:1,CONTROLLER://:2"
    assert "advertised.listeners" not in settings


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"cannot read .*nothing\.properties: No such file or directory"):
        gather_settings(str(tmp_path / "nothing.properties"), {}, {}, [])


def test_a_line_that_cannot_be_parsed_is_named_with_file_and_reason(tmp_path: Path) -> None:
    file = tmp_path / "server.properties"
    file.write_text("node.id=1\n\nlog.dirs=\\u12\n")
    with pytest.raises(ConfigError) as caught:
        gather_settings(str(file), {}, {}, [])
    assert str(caught.value) == rf"{file}:3: Malformed \uxxxx encoding."
