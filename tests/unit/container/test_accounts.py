import subprocess

from ottla.container.accounts import identity, own_identity


def test_it_is_what_the_program_says() -> None:
    assert own_identity() == subprocess.run(["id"], capture_output=True, text=True, check=True).stdout.strip()


def test_numbers_without_names_stand_alone() -> None:
    groups = {0: "root"}
    shown = identity(12_345, 0, [0, 7], lambda _: None, groups.get)
    assert shown == "uid=12345 gid=0(root) groups=0(root),7"
