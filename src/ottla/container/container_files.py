"""The files that a start looks at, below a root: `/` in a container, a folder of its own in a test."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

MAX_READ_BYTES = 16 * 1024 * 1024
"""More than any configuration, secret or certificate holds; a path that leads to a device must not fill the memory."""


@dataclass(frozen=True, slots=True)
class ContainerFiles:
    """Files by their absolute paths in the container."""

    root: Path = Path("/")

    def place(self, path: str) -> Path:
        """Return where a path of the container is."""
        return self.root / path.lstrip("/")

    def exists(self, path: str) -> bool:
        """Tell whether there is anything at a path."""
        return self.place(path).exists()

    def is_file(self, path: str) -> bool:
        """Tell whether a path leads to a regular file."""
        return self.place(path).is_file()

    def is_readable(self, path: str) -> bool:
        """Tell whether this process may read what is at a path."""
        return os.access(self.place(path), os.R_OK)

    def is_writable(self, path: str) -> bool:
        """Tell whether this process may write what is at a path."""
        return os.access(self.place(path), os.W_OK)

    def text(self, path: str) -> str:
        """Return the content of a file; bytes that are no UTF-8 stay what they are when it is written again.

        Raises OSError.
        """
        with self.place(path).open("rb") as file:
            return file.read(MAX_READ_BYTES).decode("utf-8", "surrogateescape")

    def secret(self, path: str) -> str:
        """Return the content of a file as a shell takes it into a variable: without the line ends behind it.

        Raises OSError.
        """
        return self.text(path).rstrip("\n")

    def names(self, directory: str) -> tuple[str, ...]:
        """Return the names in a directory in order; none where there is no such directory."""
        place = self.place(directory)
        return tuple(sorted(entry.name for entry in place.iterdir())) if place.is_dir() else ()

    def write(self, path: str, text: str) -> None:
        """Write a file, new or over an old one. Raises OSError."""
        self.place(path).write_bytes(text.encode("utf-8", "surrogateescape"))
