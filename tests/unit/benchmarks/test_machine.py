from pathlib import Path

from tests.benchmarks.compare.machine import Machine, file_system, warnings

MOUNTS = "/dev/a / ext4 rw 0 0\nnone /tmp tmpfs rw 0 0\n/dev/b /tmp/disk xfs rw 0 0\n"


def test_the_innermost_mount_decides() -> None:
    assert file_system(MOUNTS, Path("/srv/x")) == "ext4"
    assert file_system(MOUNTS, Path("/tmp/x")) == "tmpfs"
    assert file_system(MOUNTS, Path("/tmp/disk/x")) == "xfs"
    assert file_system(MOUNTS, Path("/tmpfile")) == "ext4"


def machine(kind: str, busy_share: float, free_gib: float) -> Machine:
    return Machine(2, 8.0, "6", kind, free_gib, (0.1, 0.1, 0.1), busy_share)


def test_a_quiet_machine_with_a_disk_is_not_warned_of() -> None:
    assert warnings(machine("ext4", 0.01, 50.0)) == []


def test_a_busy_machine_files_in_memory_and_a_full_disk_are_warned_of() -> None:
    assert len(warnings(machine("tmpfs", 0.5, 50.0))) == 2
    assert len(warnings(machine("tmpfs", 0.5, 5.0))) == 3
