from pathlib import Path

import pytest

from ottla.storage.directory_ensemble import (
    DirectoryMismatchError,
    StoredProperties,
    check_ensemble,
    java_uuid_from_text,
    load_ensemble,
    parse_properties,
)
from ottla.storage.files import FileSystem
from ottla.storage.log_dirs import MetaProperties, read_meta_properties, write_meta_properties
from ottla.types import random_uuid, uuid_from_text, uuid_to_text

ID = "JEXY6aqzQY-32P5TStzaFg"


def write(path: Path, text: str) -> str:
    path.mkdir()
    (path / "meta.properties").write_text(text)
    return str(path)


def test_properties_of_both_versions_are_read_and_shown_in_order() -> None:
    new = parse_properties(f"#\n#Thu\nversion=1\nnode.id=3\ndirectory.id={ID}\ncluster.id=c\n".encode())
    assert new == StoredProperties(1, "c", 3, uuid_from_text(ID))
    assert list(new.texts().items()) == [
        ("cluster.id", "c"),
        ("directory.id", ID),
        ("node.id", "3"),
        ("version", "1"),
    ]
    old = parse_properties(b"broker.id=7\n")
    assert old == StoredProperties(0, None, 7, None)
    assert old.texts() == {"broker.id": "7", "version": "0"}
    assert parse_properties(b"version= 0\n").texts() == {"version": "0"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("version=one", "Invalid meta.properties version string 'one'"),
        ("version=2", "Unknown meta.properties version number 2"),
        ("version=1\ncluster.id=c", "Failed to find node.id"),
        ("version=1\ncluster.id=c\nnode.id=1x", "Unable to read node.id as a base-10 number."),
        ("broker.id=", "Unable to read broker.id as a base-10 number."),
        ("version=1\nnode.id=1", "cluster.id was not found."),
        (
            "version=1\nnode.id=1\ncluster.id=c\ndirectory.id=abc",
            (
                "Unable to read directory.id as a Uuid: Input string `abc` decoded as 2 bytes, which is not equal to "
                "the expected 16 bytes of a base64-encoded UUID"
            ),
        ),
        (
            "version=1\nnode.id=1\ncluster.id=c\ndirectory.id=" + "a" * 30,
            (
                "Unable to read directory.id as a Uuid: Input string with prefix `aaaaaaaaaaaaaaaaaaaaaaaa` is too "
                "long to be decoded as a base64 UUID"
            ),
        ),
        (
            "version=1\nnode.id=1\ncluster.id=c\ndirectory.id=a/b",
            "Unable to read directory.id as a Uuid: Illegal base64 character 2f",
        ),
    ],
)
def test_properties_that_say_nothing_sound_are_refused_with_kafkas_words(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_properties(text.encode())
    assert str(caught.value) == complaint


def test_directories_are_sorted_by_what_was_found(tmp_path: Path) -> None:
    formatted = write(tmp_path / "b", "broker.id=1\n")
    damaged = write(tmp_path / "a", "version=9\n")
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    names = [formatted, damaged, *(str(tmp_path / name) for name in ("missing", "file", "empty"))]
    ensemble = load_ensemble(FileSystem(), names)
    assert ensemble.formatted == {formatted: StoredProperties(0, None, 1, None)}
    assert ensemble.new == [str(tmp_path / "empty"), str(tmp_path / "missing")]
    assert ensemble.unreadable == {
        damaged: "Unknown meta.properties version number 9",
        str(tmp_path / "file"): "Not a directory",
    }


def test_directories_of_this_cluster_and_node_are_taken(tmp_path: Path) -> None:
    names = [
        write(tmp_path / "a", "broker.id=1\n"),
        write(tmp_path / "b", "version=1\nnode.id=1\ncluster.id=c\n"),
    ]
    check_ensemble(load_ensemble(FileSystem(), names), "c", 1)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "version=1\nnode.id=1\ncluster.id=d",
            "Invalid cluster.id in: {}/meta.properties. Expected c, but read d",
        ),
        (
            "version=1\nnode.id=2\ncluster.id=c",
            (
                "Stored node id 2 doesn't match previous node id 1 in {}/meta.properties. If you moved your data, "
                "make sure your configured node id matches. If you intend to create a new node, you should remove "
                "all data in your data directories."
            ),
        ),
        (
            "version=1\nnode.id=1\ncluster.id=c\ndirectory.id=AAAAAAAAAAAAAAAAAAAAAQ",
            "Invalid reserved directory ID AAAAAAAAAAAAAAAAAAAAAQ found in {}",
        ),
    ],
)
def test_directories_of_others_are_refused_with_kafkas_words(
    tmp_path: Path, text: str, complaint: str
) -> None:
    name = write(tmp_path / "a", text)
    with pytest.raises(DirectoryMismatchError) as caught:
        check_ensemble(load_ensemble(FileSystem(), [name]), "c", 1)
    assert str(caught.value) == complaint.format(name)


def test_two_directories_have_two_ids(tmp_path: Path) -> None:
    text = f"version=1\nnode.id=1\ncluster.id=c\ndirectory.id={ID}\n"
    first, second = write(tmp_path / "a", text), write(tmp_path / "b", text)
    with pytest.raises(DirectoryMismatchError) as caught:
        check_ensemble(load_ensemble(FileSystem(), [first, second]), "c", 1)
    assert str(caught.value) == (
        f"Duplicate directory ID Optional[{ID}] found. It was the ID of {first}, but also of {second}"
    )


def test_an_identifier_may_have_its_padding() -> None:
    value = random_uuid()
    assert java_uuid_from_text(uuid_to_text(value)) == value
    assert java_uuid_from_text(uuid_to_text(value) + "==") == value


@pytest.mark.parametrize("cluster_id", ["plain", "a:b=c#d!e", " leading", "back\\slash", "tab\tnew\nline"])
def test_any_cluster_id_is_read_as_it_was_written(tmp_path: Path, cluster_id: str) -> None:
    owner = MetaProperties(cluster_id, 1, random_uuid())
    write_meta_properties(FileSystem(), tmp_path, owner)
    assert parse_properties((tmp_path / "meta.properties").read_bytes()).cluster_id == cluster_id
    found = read_meta_properties(FileSystem(), tmp_path)
    assert found is not None
    assert found.cluster_id == cluster_id.strip()
