from collections.abc import Mapping
from pathlib import Path

import pytest

from ottla.cli.failures import ToolError
from ottla.cli.metadata_quorum_voters import (
    controller_endpoints,
    metadata_directory,
    read_controller_id,
    read_directory_id,
)
from ottla.types import uuid_to_text


def test_a_controllers_id_is_its_node_id() -> None:
    assert read_controller_id({"node.id": "3", "process.roles": "broker,controller"}) == 3


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({}, "node.id not found in configuration file."),
        ({"node.id": "-1", "process.roles": "controller"}, "node.id was negative in configuration file."),
        ({"node.id": "1"}, "process.roles did not contain 'controller' in configuration file."),
        ({"node.id": "one"}, 'For input string: "one"'),
    ],
)
def test_other_configurations_are_refused(properties: Mapping[str, str], words: str) -> None:
    with pytest.raises(ToolError) as caught:
        read_controller_id(properties)
    assert (caught.value.message or "").startswith(words)


def test_the_metadata_is_in_its_own_directory_or_in_the_first_of_the_logs() -> None:
    assert metadata_directory({"metadata.log.dir": "/m", "log.dirs": "/a,/b"}) == "/m"
    assert metadata_directory({"log.dirs": " /a,/b"}) == "/a"
    with pytest.raises(ToolError, match=r"were found\. Is this a valid"):
        metadata_directory({})


def test_a_formatted_directory_has_an_id(tmp_path: Path) -> None:
    properties = tmp_path / "meta.properties"
    with pytest.raises(ToolError, match=f"Unable to read meta.properties from {tmp_path}"):
        read_directory_id(str(tmp_path))
    properties.write_text("version=1\ncluster.id=c\nnode.id=1\n")
    with pytest.raises(ToolError, match=f"No directory id found in {tmp_path}"):
        read_directory_id(str(tmp_path))
    properties.write_text("version=1\ncluster.id=c\nnode.id=1\ndirectory.id=AAAAAAAAAAAAAAAAAAABBw\n")
    assert uuid_to_text(read_directory_id(str(tmp_path))) == "AAAAAAAAAAAAAAAAAAABBw"


def test_controllers_listen_where_they_are_advertised_or_bound() -> None:
    found = controller_endpoints(
        {
            "listeners": "PLAINTEXT://:9092 , controller://[::1]:9093,OTHER://:9094",
            "advertised.listeners": "OTHER://host:1",
            "controller.listener.names": "CONTROLLER,OTHER",
        }
    )
    assert [str(each) for each in found] == ["CONTROLLER://[::1]:9093", "OTHER://host:1"]
    (bound,) = controller_endpoints({"listeners": "C://:1", "controller.listener.names": "c"})
    assert str(bound) == "C://localhost:1"


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"listeners": "C://:1"}, "controller.listener.names was not found."),
        ({"controller.listener.names": "C"}, "Cannot find information about controller listener name: C"),
        ({"listeners": "C", "controller.listener.names": "C"}, "Unable to parse C to a broker endpoint"),
    ],
)
def test_listeners_that_are_not_there_are_named(properties: Mapping[str, str], words: str) -> None:
    with pytest.raises(ToolError) as caught:
        controller_endpoints(properties)
    assert (caught.value.message or "").startswith(words)
