"""`nc` for images whose base has none: health checks ask with `nc -z HOST PORT` whether somebody listens.

Without `-z` standard input goes to the connection and what comes back to standard output, until the other side ends.
"""

from __future__ import annotations

import os
import selectors
import socket
import sys
from collections.abc import Sequence

USAGE = "usage: nc [-nvz46] [-w SECONDS] HOST PORT"
DEFAULT_TIMEOUT_S = 60.0
"""How long a connection may take to come about where `-w` does not say: longer than any health check waits."""
CHUNK_BYTES = 1 << 16
_FAMILIES = {"4": socket.AF_INET, "6": socket.AF_INET6}


class UsageError(Exception):
    """Arguments that make no sense; the text says which."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `nc` and return its exit code: 0 when the connection came about, 1 when it did not."""
    try:
        flags, timeout_s, host, port = parse(list(sys.argv[1:] if arguments is None else arguments))
    except UsageError as error:
        print(f"nc: {error}\n{USAGE}", file=sys.stderr)
        return 1
    family = next((_FAMILIES[flag] for flag in flags if flag in _FAMILIES), socket.AF_UNSPEC)
    try:
        connection = _connect(host, port, family, timeout_s)
    except OSError as error:
        print(f"nc: connect to {host} port {port} failed: {error.strerror or error}", file=sys.stderr)
        return 1
    with connection:
        if "v" in flags:
            print(f"Connection to {host} {port} port succeeded!", file=sys.stderr)
        if "z" not in flags:
            _relay(connection)
    return 0


def parse(arguments: Sequence[str]) -> tuple[str, float, str, int]:
    """Return the flags, the time for a connection in seconds, host and port. Raises UsageError."""
    flags = ""
    timeout_s = DEFAULT_TIMEOUT_S
    names: list[str] = []
    words = iter(arguments)
    for word in words:
        if not word.startswith("-") or word == "-":
            names.append(word)
            continue
        letters = word[1:]
        if letters.startswith("w"):
            timeout_s = _seconds(letters[1:] or next(words, ""))
        elif set(letters) <= set("nvz46"):
            flags += letters
        else:
            raise UsageError(f"invalid option {word}")
    if len(names) != 2 or not names[1].isdecimal() or not 0 < int(names[1]) < 1 << 16:
        raise UsageError("a host and a port are needed")
    return flags, timeout_s, names[0], int(names[1])


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        raise UsageError(f"timeout invalid: {text}") from None
    if seconds <= 0:
        raise UsageError(f"timeout invalid: {text}")
    return seconds


def _connect(host: str, port: int, family: int, timeout_s: float) -> socket.socket:
    failure: OSError = OSError(f"no address for {host}")
    for address_family, kind, protocol, _, address in socket.getaddrinfo(
        host, port, family, socket.SOCK_STREAM
    ):
        connection = socket.socket(address_family, kind, protocol)
        connection.settimeout(timeout_s)
        try:
            connection.connect(address)
        except OSError as error:
            connection.close()
            failure = error
        else:
            return connection
    raise failure


def _relay(connection: socket.socket) -> None:
    connection.settimeout(None)
    selector = selectors.DefaultSelector()
    selector.register(connection, selectors.EVENT_READ)
    try:
        selector.register(sys.stdin.fileno(), selectors.EVENT_READ)
    except PermissionError:
        # A regular file is always ready, and epoll takes none: send it whole.
        while chunk := os.read(sys.stdin.fileno(), CHUNK_BYTES):
            connection.sendall(chunk)
        connection.shutdown(socket.SHUT_WR)
    while True:
        for key, _ in selector.select():
            if key.fileobj is connection:
                received = connection.recv(CHUNK_BYTES)
                if not received:
                    return
                sys.stdout.buffer.write(received)
                sys.stdout.buffer.flush()
            else:
                typed = os.read(sys.stdin.fileno(), CHUNK_BYTES)
                if typed:
                    connection.sendall(typed)
                else:
                    selector.unregister(sys.stdin.fileno())
                    connection.shutdown(socket.SHUT_WR)
