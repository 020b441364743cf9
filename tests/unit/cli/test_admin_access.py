from pathlib import Path

import pytest

from ottla.cli.admin_access import load_properties, open_admin, read_text
from ottla.cli.failures import ToolError
from ottla.client.failures import ConfigurationError


def test_properties_are_read_from_a_file_or_there_are_none(tmp_path: Path) -> None:
    path = tmp_path / "client.properties"
    path.write_text("request.timeout.ms = 5\n")
    assert load_properties(str(path)) == {"request.timeout.ms": "5"}
    assert load_properties(None) == {}


def test_files_that_cannot_be_read_are_named_as_java_names_them(tmp_path: Path) -> None:
    with pytest.raises(ToolError) as caught:
        load_properties(str(tmp_path / "none"))
    assert caught.value.java_text() == f"java.nio.file.NoSuchFileException: {tmp_path / 'none'}"
    with pytest.raises(ToolError) as caught:
        read_text(str(tmp_path / "none"))
    assert caught.value.java_text() == f"java.io.IOException: Unable to read file {tmp_path / 'none'}"
    with pytest.raises(ToolError) as caught:
        load_properties(str(tmp_path))
    assert caught.value.java_text() == "java.io.IOException: Is a directory"


def test_a_text_keeps_its_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes("ä\r\nb\n".encode())
    assert read_text(str(path)) == "ä\r\nb\n"


def test_a_client_knows_brokers_or_controllers() -> None:
    with open_admin({"client.id": "mine"}, "127.0.0.1:1,127.0.0.1:2", timeout_ms=700) as cluster:
        assert cluster.config.bootstrap_servers == (("127.0.0.1", 1), ("127.0.0.1", 2))
        assert (cluster.config.client_id, cluster.config.default_api_timeout_ms) == ("mine", 700)
        assert not cluster.is_controller_bootstrap
    with open_admin({}, None, controllers="127.0.0.1:3", client_id="tool") as cluster:
        assert cluster.config.bootstrap_servers == (("127.0.0.1", 3),)
        assert (cluster.config.client_id, cluster.config.default_api_timeout_ms) == ("tool", 60_000)
        assert cluster.is_controller_bootstrap


def test_an_address_that_is_none_hinders_the_client_and_a_setting_itself() -> None:
    with pytest.raises(ToolError) as caught:
        open_admin({}, "nowhere")
    assert caught.value.message == "Failed to create new KafkaAdminClient"
    with pytest.raises(ConfigurationError):
        open_admin({"request.timeout.ms": "soon"}, "a:1")
