"""Settings are read, checked and refused as Kafka's clients do."""

from pathlib import Path

import pytest

from ottla.client.failures import ConfigurationError
from ottla.client.properties import ClientConfig, parse_bootstrap, read_client_properties


def test_a_file_is_read_as_java_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "client.properties"
    path.write_bytes(b"# comment\nclient.id = me\\u0021\nrequest.timeout.ms:5\\\n   00\n")
    assert read_client_properties(str(path)) == {"client.id": "me!", "request.timeout.ms": "500"}


def test_a_malformed_escape_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "client.properties"
    path.write_text("client.id=\\u00zz\n")
    with pytest.raises(ConfigurationError, match="Malformed"):
        read_client_properties(str(path))


def test_defaults_are_kafkas() -> None:
    config = ClientConfig.from_properties({}, bootstrap_servers="a:1,b:2")
    assert config.bootstrap_servers == (("a", 1), ("b", 2))
    assert (config.request_timeout_ms, config.default_api_timeout_ms) == (30_000, 60_000)
    assert config.client_id == "adminclient-1"
    assert config.log_context == "[AdminClient clientId=adminclient-1] "


def test_the_command_line_wins_over_the_file_for_addresses_and_loses_for_the_client_id() -> None:
    config = ClientConfig.from_properties(
        {"bootstrap.servers": "x:1", "client.id": "mine", "group.id": "g"},
        bootstrap_servers="y:2",
        client_id="other",
        kind="Consumer",
    )
    assert config.bootstrap_servers == (("y", 2),)
    assert config.log_context == "[Consumer clientId=mine, groupId=g] "


@pytest.mark.parametrize(
    ("addresses", "text"),
    [
        ("host", "Invalid url in bootstrap.servers: host"),
        ("host:x", "Invalid url in bootstrap.servers: host:x"),
        ("host:70000", "Invalid port in bootstrap.servers: host:70000"),
        ("", "No resolvable bootstrap urls given in bootstrap.servers"),
    ],
)
def test_what_is_no_address_is_refused(addresses: str, text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ClientConfig.from_properties({}, bootstrap_servers=addresses)
    assert str(caught.value) == text


def test_addresses_may_have_protocols_and_brackets() -> None:
    assert parse_bootstrap(["PLAINTEXT://h:1", "[::1]:9092"]) == (("h", 1), ("::1", 9092))


def test_a_number_that_is_none_is_refused_with_kafkas_text() -> None:
    with pytest.raises(ConfigurationError) as caught:
        ClientConfig.from_properties({"request.timeout.ms": "soon"}, bootstrap_servers="a:1")
    assert str(caught.value) == (
        "Invalid value soon for configuration request.timeout.ms: Not a number of type INT"
    )


@pytest.mark.parametrize("protocol", ["SSL", "sasl_plaintext", "SASL_SSL"])
def test_a_secure_protocol_is_refused_and_never_replaced(protocol: str) -> None:
    with pytest.raises(ConfigurationError, match="not supported here yet"):
        ClientConfig.from_properties({"security.protocol": protocol}, bootstrap_servers="a:1")


def test_an_unknown_protocol_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="String must be one of"):
        ClientConfig.from_properties({"security.protocol": "TELNET"}, bootstrap_servers="a:1")


def test_what_kafka_knows_and_nothing_does_is_named_in_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    config = ClientConfig.from_properties(
        {"metric.reporters": "x", "no.such.key": "y"}, bootstrap_servers="a:1"
    )
    assert "These configurations change nothing here: metric.reporters" in capsys.readouterr().err
    assert config.unknown_keys == ("no.such.key",)
