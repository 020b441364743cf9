import os
import subprocess
from pathlib import Path

import pytest

from ottla.cli.install_scripts import script_names
from ottla.cli.main import main
from ottla.cli.tools import TOOLS


def test_every_script_has_a_launcher_that_runs_from_anywhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "kafka" / "bin"
    assert main(["install-scripts", str(folder)]) == 0
    files = sorted(path.name for path in folder.iterdir())
    assert capsys.readouterr().out == f"{len(files)} scripts in {folder}\n"
    assert files == sorted(
        f"{tool.script}.sh" for tool in TOOLS if tool.script and tool.script not in {"cub", "ub"}
    )
    assert all(os.access(folder / name, os.X_OK) for name in files)
    done = subprocess.run(
        ["./kafka-transactions.sh", "list"], cwd=folder, env={}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "kafka-transactions is not in Ottla yet\n")


def test_plain_names_have_confluents_utilities_beside_them() -> None:
    names = script_names(has_suffix=False)
    assert names["kafka-topics"] == "kafka-topics"
    assert names["cub"] == "cub"
    assert names["ub"] == "ub"
    assert "cub" not in script_names(has_suffix=True)


def test_an_older_launcher_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "kafka-topics").write_text("of an older version")
    assert main(["install-scripts", "--without-suffix", str(tmp_path)]) == 0
    assert "run_script('kafka-topics')" in (tmp_path / "kafka-topics").read_text()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main(["install-scripts", str(tmp_path / "file" / "bin")]) == 1
    assert capsys.readouterr().err == f"ottla: cannot write {tmp_path / 'file' / 'bin'}: Not a directory\n"


def test_a_word_too_many_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["install-scripts", "a", "b"]) == 1
    assert capsys.readouterr().err == (
        "ottla: unrecognized arguments: b; `ottla install-scripts --help` shows what there is\n"
    )
