"""`docker build` alone, without what `docker/build` makes first: it installs from a package index."""

import os
import shutil
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.container.engine import BASE_IMAGE, ROOT, docker

BUILD_REQUIREMENT = "setuptools>=77"


def fill(index: Path, version: str, downloads: Path) -> None:
    """Lay out a package index in a folder with what an installation of Ottla needs."""
    fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    fetch += ["--dest", str(downloads), "--only-binary", ":all:", "--python-version", version]
    subprocess.run([*fetch, BUILD_REQUIREMENT, *requirements()], check=True, cwd=ROOT)
    for wheel in downloads.glob("*.whl"):
        project = index / wheel.name.split("-")[0].lower().replace("_", "-")
        project.mkdir(parents=True, exist_ok=True)
        shutil.copy(wheel, project)


def requirements() -> list[str]:
    """Return what `pyproject.toml` asks for to run a broker."""
    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: list[str] = content["project"]["dependencies"]
    return found


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files, and keeps what was asked to itself."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the class above
        """Say nothing."""


@contextmanager
def served(index: Path) -> Iterator[str]:
    """Serve a package index on this machine, and give its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(index))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://localhost:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.usefixtures("in_long_form", "image")
def test_the_image_builds_from_a_package_index(tmp_path: Path) -> None:
    # The image was built by docker/build, whose wheels would be taken if it had left any.
    assert not (ROOT / "docker" / "wheels").exists()
    say = "import sys; print('%d.%d' % sys.version_info[:2])"
    version = docker("run", "--rm", "--entrypoint", "python3", BASE_IMAGE, "-c", say).strip()
    fill(tmp_path / "index", version, tmp_path / "downloads")
    tag = f"ottla-plain:{os.getpid()}"
    with served(tmp_path / "index") as address:
        arguments = ["--build-arg", f"BASE_IMAGE={BASE_IMAGE}", "--build-arg", f"PIP_INDEX_URL={address}"]
        arguments += ["--file", "docker/Dockerfile", "--tag", tag]
        # The cache would know the step from a build before.
        docker("build", "--no-cache", "--network", "host", *arguments, ".")
    try:
        assert docker("run", "--rm", tag, "kafka-topics.sh", "--version") == "4.1.1\n"
        assert address not in docker("history", "--no-trunc", tag)
    finally:
        docker("image", "rm", tag)
