import subprocess
import sys

import pytest

from ottla.cli import launching
from ottla.version import OTTLA_VERSION


def test_the_folders_are_those_of_ottla_and_of_what_it_needs() -> None:
    folders = launching.package_folders()
    names = "ottla, uvloop, crc32c, yaml, cramjam, xxhash, prometheus_client"
    code = f"import sys; sys.path += {folders!r}; import {names}"
    done = subprocess.run([sys.executable, "-IS", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_process_of_its_own_does_what_ottla_does() -> None:
    done = subprocess.run(
        launching.ottla_command(["--version"]), capture_output=True, text=True, check=False, cwd="/", env={}
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"ottla {OTTLA_VERSION} ")


@pytest.mark.parametrize("interpreter", ["/usr/bin/my python", "/" + "long/" * 30 + "python3"])
def test_an_interpreter_that_no_first_line_can_name_is_refused(
    interpreter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", interpreter)
    with pytest.raises(ValueError, match="no script can name this interpreter"):
        launching.launcher_text("kafka-topics")
