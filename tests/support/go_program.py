"""A program in Go that tests or measurements run: built once from a module of its own, and kept."""

import subprocess
from pathlib import Path

from tests.support.cached import cached, fetch, installed

# A cold build of Go clients with their dependencies takes a minute on one core.
BUILD_TIMEOUT_S = 600.0


def build_go_program(sources: Path, cache: Path) -> Path:
    """Return the program that the Go module in the folder `sources` makes, building it where `cache` has it not.

    Raises PeerUnavailableError where Go is missing or its modules cannot be fetched, and RuntimeError with the
    compiler's words where it refuses the sources.
    """
    content = b"".join(path.name.encode() + path.read_bytes() for path in sorted(sources.iterdir()))
    go = installed("go")

    def build(target: Path) -> None:
        fetch([go, "mod", "download"], where=sources)
        done = subprocess.run(
            [go, "build", "-mod=readonly", "-o", str(target / "clients"), "."],
            cwd=sources,
            capture_output=True,
            text=True,
            timeout=BUILD_TIMEOUT_S,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"go build failed:\n{done.stdout}{done.stderr}")

    return cached(cache, "go", content, build) / "clients"
