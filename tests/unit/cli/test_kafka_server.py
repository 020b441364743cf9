from collections.abc import Sequence

import pytest

from ottla.cli import kafka_server, server
from ottla.cli.failures import UsageError, VersionRequestedError
from ottla.cli.jopt import OptionError


@pytest.mark.parametrize("arguments", [(), ("--help",), ("server.properties", "--help")])
def test_help_is_the_usage_of_kafkas_main_class(arguments: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match=r"^USAGE: java"):
        kafka_server.main(arguments)


def test_what_cannot_be_read_is_refused_as_kafka_refuses_it() -> None:
    with pytest.raises(VersionRequestedError):
        kafka_server.main(("--version",))
    with pytest.raises(OptionError, match=r"^verbose is not a recognized option$"):
        kafka_server.main(("server.properties", "--verbose"))
    with pytest.raises(UsageError, match=r"^Found non argument parameters: a,b$"):
        kafka_server.main(("server.properties", "a", "b"))


def test_the_server_gets_the_file_and_the_overrides(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Sequence[str]] = []

    def main(arguments: Sequence[str]) -> int:
        given.append(arguments)
        return 0

    monkeypatch.setattr(server, "main", main)
    arguments = ("server.properties", "--override", "a=b=c", "--override=d=", "--override", "e")
    assert kafka_server.main(arguments) == 0
    assert given == [
        ["--config", "server.properties", "--override", "a=b=c", "--override", "d=", "--override", "e="]
    ]
