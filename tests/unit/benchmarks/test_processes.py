import subprocess
import sys

import pytest
from tests.benchmarks.processes import PROC, busy_ticks, process_cpu_s, resident_kb, resident_mb, stat_ticks

PARENT = """
import subprocess, sys
holds = "import sys; held = b'x' * 60_000_000; print('ready', flush=True); sys.stdin.read()"
subprocess.run([sys.executable, "-c", holds], check=True)
"""


def test_the_ticks_of_a_process_include_those_of_its_ended_children() -> None:
    fields = ["S", *(str(number) for number in range(4, 53))]
    assert stat_ticks(f"17 (a (strange) name) {' '.join(fields)}\n") == 14 + 15 + 16 + 17


def test_the_resident_memory_is_found_by_its_name() -> None:
    assert resident_kb("Name:\tx\nVmPeak:\t  9 kB\nVmRSS:\t   1234 kB\nThreads:\t1\n") == 1234


def test_a_child_that_nobody_has_waited_for_holds_no_memory() -> None:
    assert resident_kb("Name:\tpython\nState:\tZ (zombie)\nPid:\t7\nThreads:\t1\n") == 0


def test_a_machine_is_neither_busy_while_idle_nor_while_waiting_for_a_disk() -> None:
    assert busy_ticks("cpu  1 20 300 4000 50000 600000 7000000 80000000 0 0\ncpu0 9 9 9\n") == 87_600_321


@pytest.mark.skipif(not (PROC / "self" / "stat").exists(), reason="this system has no /proc")
def test_a_child_belongs_to_its_parent() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        assert resident_mb(parent.pid) > 50
        assert process_cpu_s(parent.pid) > 0
        parent.stdin.close()
        assert parent.wait() == 0
