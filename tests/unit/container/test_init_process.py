"""The first process of a process namespace of its own, as in a container."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LIMIT_S = 60

_PROGRAM = """
import sys
sys.path.insert(0, {source!r})
from ottla.container.init_process import run_below_first_process
{body}
sys.exit(run_below_first_process(start))
"""


def run_first(body: str) -> subprocess.CompletedProcess[str]:
    """Run a program whose `start` is in `body` as process 1 of a namespace."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("no `unshare` here")
    namespace = [unshare, "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "--kill-child"]
    if subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode != 0:
        namespace = [unshare, "--pid", "--fork", "--mount-proc", "--kill-child"]
        if subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode != 0:
            pytest.skip("no process namespaces here")
    program = _PROGRAM.format(source=str(ROOT / "src"), body=body)
    return subprocess.run(
        [*namespace, sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


def test_it_ends_with_the_exit_code_of_what_it_started() -> None:
    done = run_first("import os\ndef start():\n    print(os.getpid(), os.getppid())\n    return 7\n")
    assert done.returncode == 7, done.stderr
    assert done.stdout == "2 1\n"


def test_a_program_that_took_its_place_ends_it_as_well() -> None:
    done = run_first("import os\ndef start():\n    os.execvp('sh', ['sh', '-c', 'exit 5'])\n")
    assert done.returncode == 5, done.stderr


def test_an_exception_is_told_and_is_exit_code_1() -> None:
    done = run_first("def start():\n    raise ValueError('broken')\n")
    assert done.returncode == 1
    assert "ValueError: broken" in done.stderr


def test_a_signal_is_handed_on_to_processes_behind_a_shell() -> None:
    # The grandchild tells the first process to stop, as Docker does, and ends once it hears of that itself.
    grandchild = "trap 'echo grandchild ends; exit 0' TERM; kill -TERM 1; sleep infinity & wait"
    body = (
        "import os\n"
        f"GRANDCHILD = {grandchild!r}\n"
        "def start():\n"
        "    os.execvp('sh', ['sh', '-c', 'sh -c \"$0\"; echo after', GRANDCHILD])\n"
    )
    done = run_first(body)
    assert "grandchild ends" in done.stdout
    assert done.returncode == 143, done.stdout + done.stderr


def test_orphans_are_buried() -> None:
    body = """
import os, subprocess, time
def start():
    # A shell leaves a child behind that ends later; only the first process can wait for it then.
    subprocess.run(["sh", "-c", "(exec sh -c 'exit 0') &"], check=True)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        states = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{name}/stat") as stat:
                    states.append(stat.read().rpartition(")")[2].split()[0])
            except OSError:
                continue
        if "Z" not in states and len(states) == 2:
            print("buried")
            return 0
        os.sched_yield()
    return 1
"""
    done = run_first(body)
    assert done.stdout == "buried\n", done.stderr
    assert done.returncode == 0


def test_what_the_main_process_leaves_behind_is_ended(tmp_path: Path) -> None:
    script = f"trap 'echo ended >{tmp_path}/end; exit 0' TERM; echo ready; sleep infinity & wait"
    body = f"""
import subprocess
def start():
    left = subprocess.Popen(["sh", "-c", {script!r}], stdout=subprocess.PIPE)
    left.stdout.readline()
    return 0
"""
    done = run_first(body)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "end").read_text() == "ended\n"


def test_elsewhere_the_start_runs_right_here() -> None:
    from ottla.container.init_process import run_below_first_process

    assert run_below_first_process(lambda: 3) == 3
