from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ottla.server.send_queue import SENDFILE_MINIMUM_BYTES, SendQueue, join_neighbours
from ottla.storage.files import FileRange, FileSystem

CONTENT = bytes(range(256)) * 8192


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    sender, receiver = socket.socketpair()
    sender.setblocking(False)
    receiver.setblocking(False)
    with sender, receiver:
        yield sender, receiver


def file_range(directory: Path, position: int, size: int) -> FileRange:
    path = directory / "log"
    if not path.exists():
        path.write_bytes(CONTENT)
    files = FileSystem()
    return FileRange(files, files.open(path), position, size)


def drain(queue: SendQueue, receiver: socket.socket) -> bytes:
    """Send and receive by turns until nothing is left, as the loop would."""
    received = b""
    done = False
    while not done or not received.endswith(b"end"):
        done = queue.flush()
        try:
            received += receiver.recv(1 << 20)
        except BlockingIOError:
            assert not done, "everything is sent but the end did not come"
    return received


@pytest.mark.parametrize("size", [1, SENDFILE_MINIMUM_BYTES - 1, SENDFILE_MINIMUM_BYTES, len(CONTENT) - 5])
def test_bytes_and_file_ranges_leave_in_order_whatever_the_socket_takes_at_once(
    ends: tuple[socket.socket, socket.socket], tmp_path: Path, size: int
) -> None:
    sender, receiver = ends
    queue = SendQueue(sender)
    queue.append([b"head", file_range(tmp_path, 5, size), b"between", file_range(tmp_path, 0, size)])
    queue.append([bytes(500_000), memoryview(b"view"), b"", b"end"])
    expected = b"head" + CONTENT[5 : 5 + size] + b"between" + CONTENT[:size] + bytes(500_000) + b"viewend"
    assert queue.pending_bytes == len(expected)
    assert drain(queue, receiver) == expected
    assert queue.pending_bytes == 0


def test_more_pieces_than_one_vectored_send_takes(ends: tuple[socket.socket, socket.socket]) -> None:
    sender, receiver = ends
    queue = SendQueue(sender)
    queue.append([b"%d," % number for number in range(1000)])
    queue.append([b"end"])
    assert drain(queue, receiver) == b"".join(b"%d," % number for number in range(1000)) + b"end"


def test_the_bytes_between_file_ranges_become_one_piece(tmp_path: Path) -> None:
    first, second = file_range(tmp_path, 0, 5), file_range(tmp_path, 5, 5)
    assert join_neighbours([b"a", memoryview(b"b"), b"", b"c"]) == [b"abc"]
    assert join_neighbours([]) == [b""]
    assert join_neighbours([b"a", b"b", first, b"c", b"d", second]) == [b"ab", first, b"cd", second, b""]


def test_a_file_that_has_become_shorter_breaks_the_connection_instead_of_looping(
    ends: tuple[socket.socket, socket.socket], tmp_path: Path
) -> None:
    queue = SendQueue(ends[0])
    queue.append([file_range(tmp_path, len(CONTENT) - 10, SENDFILE_MINIMUM_BYTES)])
    with pytest.raises(OSError, match="bytes before its published end"):
        queue.flush()
    queue.discard()
    assert queue.pending_bytes == 0
    assert queue.flush()
