from pathlib import Path

import pytest

from ottla.container.container_files import ContainerFiles


def test_paths_lie_below_the_root(tmp_path: Path) -> None:
    files = ContainerFiles(tmp_path)
    assert files.place("/etc/kafka") == tmp_path / "etc/kafka"
    files.write("/file", "text")
    assert (tmp_path / "file").read_text() == "text"
    assert files.is_file("/file")
    assert files.exists("/")
    assert not files.is_file("/")
    assert files.names("/") == ("file",)
    assert files.names("/nothing") == ()


def test_a_secret_loses_the_line_ends_behind_it(tmp_path: Path) -> None:
    files = ContainerFiles(tmp_path)
    files.write("/secret", " a\nb \n\n")
    assert files.secret("/secret") == " a\nb "


def test_bytes_that_are_no_text_come_back_as_they_were(tmp_path: Path) -> None:
    files = ContainerFiles(tmp_path)
    (tmp_path / "file").write_bytes(b"a\xffb")
    files.write("/copy", files.text("/file"))
    assert (tmp_path / "copy").read_bytes() == b"a\xffb"


def test_what_cannot_be_read_raises(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ContainerFiles(tmp_path).text("/nothing")
