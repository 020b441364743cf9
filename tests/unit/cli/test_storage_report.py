from pathlib import Path

import pytest

from ottla.cli.storage_report import report_directories

NEW = "version=1\ncluster.id=c\nnode.id=1\ndirectory.id=JEXY6aqzQY-32P5TStzaFg\n"


def make(path: Path, text: str | None) -> str:
    path.mkdir()
    if text is not None:
        (path / "meta.properties").write_text(text)
    return str(path)


def test_a_formatted_directory_is_shown_with_its_properties(tmp_path: Path) -> None:
    directory = make(tmp_path / "a", NEW)
    report = report_directories([directory.replace("/a", "//a/")])
    assert report.lines == [
        "Found log directory:",
        f"  {directory}",
        "",
        "Found metadata: {cluster.id=c, directory.id=JEXY6aqzQY-32P5TStzaFg, node.id=1, version=1}",
        "",
    ]
    assert not report.has_problems


def test_every_problem_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    good = make(tmp_path / "a", NEW)
    empty = make(tmp_path / "b", None)
    damaged = make(tmp_path / "c", "version=2\n")
    report = report_directories([str(tmp_path / "missing"), str(tmp_path / "file"), damaged, empty, good])
    assert report.lines == [
        "Found log directories:",
        f"  {good}",
        f"  {empty}",
        f"  {damaged}",
        "",
        "Found metadata: {cluster.id=c, directory.id=JEXY6aqzQY-32P5TStzaFg, node.id=1, version=1}",
        "",
        "Found problems:",
        f"  {empty} is not formatted.",
        f"  Error loading {damaged}/meta.properties: Unknown meta.properties version number 2",
        f"  {tmp_path / 'file'} is not a directory",
        f"  {tmp_path / 'missing'} does not exist",
        "",
    ]
    assert report.has_problems


@pytest.mark.parametrize(
    ("other", "problem"),
    [
        (NEW.replace("cluster.id=c", "cluster.id=d"), "Mismatched cluster IDs between storage directories."),
        (NEW.replace("node.id=1", "node.id=2"), "Mismatched node IDs between storage directories."),
    ],
)
def test_directories_that_contradict_each_other_are_a_problem(
    tmp_path: Path, other: str, problem: str
) -> None:
    report = report_directories([make(tmp_path / "a", NEW), make(tmp_path / "b", other)])
    assert report.lines[-3:] == ["Found problem:", f"  {problem}", ""]


def test_a_directory_of_zookeepers_days_is_a_problem(tmp_path: Path) -> None:
    report = report_directories([make(tmp_path / "a", "version=0\nbroker.id=1\n")])
    assert report.lines[3:] == [
        "Found metadata: {broker.id=1, version=0}",
        "",
        "Found problem:",
        (
            "  The kafka configuration file appears to be for a cluster in KRaft mode, but the directories are "
            "formatted for legacy mode."
        ),
        "",
    ]


def test_no_directory_there_is_only_problems(tmp_path: Path) -> None:
    report = report_directories([str(tmp_path / "missing")])
    assert report.lines == ["Found problem:", f"  {tmp_path / 'missing'} does not exist", ""]
