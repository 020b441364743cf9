import os
from pathlib import Path

import pytest

from ottla.container.container_files import ContainerFiles
from ottla.container.dialect import Dialect
from ottla.container.ownership import Account, data_directories, take_over

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
ACCOUNT = Account(12_345, 12_346, "/")


@pytest.mark.parametrize(
    ("dialect", "environment", "directories"),
    [
        (Dialect.APACHE, {}, ("/tmp/kraft-combined-logs", "/tmp/kafka-logs", "/var/lib/kafka/data")),
        (
            Dialect.APACHE,
            {"KAFKA_LOG_DIRS": "/data/, /more"},
            ("/tmp/kraft-combined-logs", "/tmp/kafka-logs", "/var/lib/kafka/data", "/data", "/more"),
        ),
        (Dialect.BITNAMI, {}, ("/bitnami/kafka", "/bitnami/kafka/data")),
        (
            Dialect.BITNAMI,
            {"KAFKA_CFG_LOG_DIRS": "/elsewhere"},
            ("/bitnami/kafka", "/bitnami/kafka/data", "/elsewhere"),
        ),
        (Dialect.CONFLUENT, {"KAFKA_LOG_DIRS": "/", "KAFKA_DATA_DIRS": "relative"}, ("/var/lib/kafka/data",)),
    ],
)
def test_the_data_directories_are_the_images_own_and_those_that_are_named(
    dialect: Dialect, environment: dict[str, str], directories: tuple[str, ...], tmp_path: Path
) -> None:
    assert data_directories(dialect, environment, ContainerFiles(tmp_path)) == directories


def test_a_mounted_configuration_names_directories_too(tmp_path: Path) -> None:
    files = ContainerFiles(tmp_path)
    path = "/mnt/shared/config/server.properties"
    files.place(path).parent.mkdir(parents=True)
    files.write(path, "log.dirs=/a,/b\nmetadata.log.dir=/c\n")
    assert data_directories(Dialect.APACHE, {}, files)[-3:] == ("/a", "/b", "/c")


def test_a_configuration_that_cannot_be_read_names_none(tmp_path: Path) -> None:
    files = ContainerFiles(tmp_path)
    path = "/mnt/shared/config/server.properties"
    files.place(path).parent.mkdir(parents=True)
    files.write(path, "log.dirs=\\u12\n")
    assert "/mnt" not in "".join(data_directories(Dialect.APACHE, {}, files))


@needs_root
def test_a_directory_with_a_foreign_owner_changes_hands_with_all_in_it(tmp_path: Path) -> None:
    files = ContainerFiles(tmp_path)
    deep = files.place("/data/topic-0")
    deep.mkdir(parents=True)
    (deep / "log").write_bytes(b"x")
    (deep / "link").symlink_to("/etc/passwd")
    passwd_owner = Path("/etc/passwd").stat().st_uid
    assert take_over(["/data"], ACCOUNT, files) == ("/data",)
    owners = {path.lstat().st_uid for path in (files.place("/data"), deep, deep / "log", deep / "link")}
    assert owners == {12_345}
    assert Path("/etc/passwd").stat().st_uid == passwd_owner
    assert take_over(["/data"], ACCOUNT, files) == ()


@needs_root
def test_one_that_is_missing_is_made(tmp_path: Path) -> None:
    files = ContainerFiles(tmp_path)
    assert take_over(["/new/data"], ACCOUNT, files) == ("/new/data",)
    assert files.place("/new/data").stat().st_uid == 12_345


@needs_root
def test_one_with_a_foreign_file_at_its_top_changes_hands(tmp_path: Path) -> None:
    files = ContainerFiles(tmp_path)
    take_over(["/data"], ACCOUNT, files)
    files.write("/data/meta.properties", "version=1\n")
    assert take_over(["/data"], ACCOUNT, files) == ("/data",)
    assert files.place("/data/meta.properties").stat().st_uid == 12_345


def test_what_cannot_be_a_directory_stays(tmp_path: Path) -> None:
    files = ContainerFiles(tmp_path)
    files.write("/data", "a file")
    assert take_over(["/data/deeper"], ACCOUNT, files) == ()
    assert files.text("/data") == "a file"


@needs_root
def test_one_that_anybody_could_make_is_left_to_whoever_needs_it(tmp_path: Path) -> None:
    files = ContainerFiles(tmp_path)
    files.place("/tmp").mkdir()
    files.place("/tmp").chmod(0o1777)
    assert take_over(["/tmp/kraft-combined-logs"], ACCOUNT, files) == ()
    assert not files.exists("/tmp/kraft-combined-logs")
    files.place("/tmp/kraft-combined-logs").mkdir()
    assert take_over(["/tmp/kraft-combined-logs"], ACCOUNT, files) == ("/tmp/kraft-combined-logs",)
