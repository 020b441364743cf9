"""Leader epochs: who led from where, and how far a log of an older epoch agrees."""

from pathlib import Path

import pytest
from tests.support.faulty_files import FaultyFileSystem

from ottla.storage.checkpoints import CorruptCheckpointError
from ottla.storage.leader_epochs import LeaderEpochs


@pytest.fixture
def epochs(tmp_path: Path) -> LeaderEpochs:
    epochs = LeaderEpochs(FaultyFileSystem(), tmp_path)
    for epoch, start_offset in ((2, 10), (4, 30), (7, 50)):
        epochs.assign(epoch, start_offset)
    return epochs


def entries(epochs: LeaderEpochs) -> list[tuple[int, int]]:
    return [tuple(entry) for entry in epochs.entries]


def test_an_epoch_that_goes_on_is_not_entered_again(epochs: LeaderEpochs) -> None:
    epochs.assign(7, 60)
    assert entries(epochs) == [(2, 10), (4, 30), (7, 50)]
    assert epochs.latest_epoch == 7


@pytest.mark.parametrize(
    ("epoch", "start_offset", "expected"),
    [
        (9, 60, [(2, 10), (4, 30), (7, 50), (9, 60)]),
        (9, 50, [(2, 10), (4, 30), (9, 50)]),
        (9, 5, [(9, 5)]),
        (4, 70, [(2, 10), (4, 70)]),
        (7, 40, [(2, 10), (4, 30), (7, 40)]),
        (-1, 70, [(2, 10), (4, 30), (7, 50)]),
        (9, -1, [(2, 10), (4, 30), (7, 50)]),
    ],
)
def test_entries_that_contradict_a_new_one_give_way(
    epochs: LeaderEpochs, epoch: int, start_offset: int, expected: list[tuple[int, int]]
) -> None:
    epochs.assign(epoch, start_offset)
    assert entries(epochs) == expected


@pytest.mark.parametrize(
    ("epoch", "expected"),
    [
        (-1, (-1, -1)),
        (0, (0, 10)),
        (2, (2, 30)),
        (3, (2, 30)),
        (4, (4, 50)),
        (6, (4, 50)),
        (7, (7, 80)),
        (8, (-1, -1)),
    ],
)
def test_where_an_epoch_ends(epochs: LeaderEpochs, epoch: int, expected: tuple[int, int]) -> None:
    assert epochs.end_offset_for(epoch, 80) == expected


def test_no_epochs_end_nowhere(tmp_path: Path) -> None:
    epochs = LeaderEpochs(FaultyFileSystem(), tmp_path)
    assert epochs.end_offset_for(0, 80) == (-1, -1)
    assert epochs.latest_epoch == -1
    assert epochs.epoch_at(5) == -1


def test_the_epoch_of_an_offset(epochs: LeaderEpochs) -> None:
    assert [epochs.epoch_at(offset) for offset in (9, 10, 29, 30, 49, 50, 99)] == [-1, 2, 2, 4, 4, 7, 7]


@pytest.mark.parametrize(
    ("end_offset", "expected"),
    [(51, [(2, 10), (4, 30), (7, 50)]), (50, [(2, 10), (4, 30)]), (0, [])],
)
def test_truncation_at_the_end(
    epochs: LeaderEpochs, end_offset: int, expected: list[tuple[int, int]]
) -> None:
    epochs.truncate_from_end(end_offset)
    assert entries(epochs) == expected


@pytest.mark.parametrize(
    ("start_offset", "expected"),
    [
        (5, [(2, 10), (4, 30), (7, 50)]),
        (20, [(2, 20), (4, 30), (7, 50)]),
        (30, [(4, 30), (7, 50)]),
        (90, [(7, 90)]),
    ],
)
def test_truncation_at_the_start(
    epochs: LeaderEpochs, start_offset: int, expected: list[tuple[int, int]]
) -> None:
    epochs.truncate_from_start(start_offset)
    assert entries(epochs) == expected


def test_the_file_is_kafkas_and_is_written_only_after_a_change(epochs: LeaderEpochs, tmp_path: Path) -> None:
    epochs.write()
    assert (tmp_path / "leader-epoch-checkpoint").read_text() == "0\n3\n2 10\n4 30\n7 50\n"
    files = FaultyFileSystem()
    again = LeaderEpochs.load(files, tmp_path)
    assert entries(again) == entries(epochs)
    again.write()
    assert files.operations == []


def test_a_missing_and_an_empty_file_hold_no_epochs(tmp_path: Path) -> None:
    assert LeaderEpochs.load(FaultyFileSystem(), tmp_path).entries == ()
    (tmp_path / "leader-epoch-checkpoint").touch()
    assert LeaderEpochs.load(FaultyFileSystem(), tmp_path).entries == ()


@pytest.mark.parametrize("text", ["1\n0\n", "0\n2\n1 1\n", "0\n1\n1\n", "0\n1\nx y\n", "0\n"])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "leader-epoch-checkpoint").write_text(text)
    with pytest.raises(CorruptCheckpointError, match="leader-epoch-checkpoint"):
        LeaderEpochs.load(FaultyFileSystem(), tmp_path)
