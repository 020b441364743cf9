import os
import subprocess
from io import StringIO
from pathlib import Path

import pytest

from ottla.container.bitnami_log import bitnami_log
from ottla.container.console import Console, RefusedError
from ottla.container.container_files import ContainerFiles
from ottla.container.init_scripts import MARKER, SCRIPTS_DIRECTORY, ScriptRunner, run_init_scripts


class Scripts:
    def __init__(self, root: Path) -> None:
        self.files = ContainerFiles(root)
        self.files.place(SCRIPTS_DIRECTORY).mkdir(parents=True)
        self.files.place(MARKER).parent.mkdir(parents=True)
        self.said = StringIO()

    def add(self, name: str, text: str, *, is_executable: bool = True) -> None:
        path = f"{SCRIPTS_DIRECTORY}/{name}"
        self.files.write(path, text)
        self.files.place(path).chmod(0o755 if is_executable else 0o644)

    def run(self) -> str:
        log = bitnami_log({"BITNAMI_COLOR": "no"}, Console(self.said, self.said), lambda: "12:00:00.00")
        runner = ScriptRunner(
            execute=lambda path: subprocess.run([self.files.place(path)], check=False).returncode,
            source=lambda path: subprocess.run(["sh", self.files.place(path)], check=False).returncode,
            is_executable=lambda path: os.access(self.files.place(path), os.X_OK),
        )
        run_init_scripts(self.files, log, runner)
        return self.said.getvalue()


def test_scripts_run_in_order_and_once(tmp_path: Path) -> None:
    scripts = Scripts(tmp_path)
    log = tmp_path / "log"
    scripts.add("02-second.sh", f"#!/bin/sh\necho second >>{log}\n")
    scripts.add("01-first.sh", f"#!/bin/sh\necho first >>{log}\n")
    scripts.run()
    scripts.run()
    assert log.read_text() == "first\nsecond\n"
    assert scripts.files.exists(MARKER)


def test_one_that_nobody_made_executable_is_sourced_with_a_warning(tmp_path: Path) -> None:
    scripts = Scripts(tmp_path)
    scripts.add("a.sh", f"echo sourced >{tmp_path}/log\n", is_executable=False)
    assert f"Sourcing {SCRIPTS_DIRECTORY}/a.sh as it is not executable" in scripts.run()
    assert (tmp_path / "log").read_text() == "sourced\n"


def test_other_files_are_passed_over_with_a_warning(tmp_path: Path) -> None:
    scripts = Scripts(tmp_path)
    scripts.add("a.sh", "#!/bin/sh\n")
    scripts.add("b.py", "raise SystemExit(1)\n")
    assert f"Skipping {SCRIPTS_DIRECTORY}/b.py, supported formats are: .sh" in scripts.run()


def test_one_that_fails_ends_the_start_and_is_run_again(tmp_path: Path) -> None:
    scripts = Scripts(tmp_path)
    scripts.add("a.sh", "#!/bin/sh\nexit 3\n")
    with pytest.raises(RefusedError, match=f"Failed executing {SCRIPTS_DIRECTORY}/a.sh"):
        scripts.run()
    assert not scripts.files.exists(MARKER)


def test_without_scripts_nothing_is_said_or_marked(tmp_path: Path) -> None:
    scripts = Scripts(tmp_path)
    scripts.add("README", "nothing\n")
    assert scripts.run() == ""
    assert not scripts.files.exists(MARKER)
