"""Files that wait for their deletion."""

from pathlib import Path

import pytest
from tests.support.faulty_files import FaultyFileSystem

from ottla.storage.deferred_deletion import DeferredDeletion


def test_files_go_when_they_are_due(tmp_path: Path) -> None:
    deferred = DeferredDeletion(FaultyFileSystem())
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        path.touch()
    deferred.add(paths[:2], 100)
    deferred.add(paths[2:], 200)
    assert deferred.delete_expired(99) == 0
    assert deferred.delete_expired(100) == 2
    assert [path.exists() for path in paths] == [False, False, True]
    assert len(deferred) == 1


def test_what_cannot_be_deleted_is_tried_again(tmp_path: Path) -> None:
    files = FaultyFileSystem()
    deferred = DeferredDeletion(files)
    (tmp_path / "a").touch()
    deferred.add([tmp_path / "a"], 0)
    files.fail_on("unlink")
    with pytest.raises(OSError, match="injected"):
        deferred.delete_expired(0)
    files.heal()
    assert deferred.delete_expired(0) == 1
