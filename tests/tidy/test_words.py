"""Tracked files hold no traces of the machine that they were written on."""

import re
import shutil
import subprocess

import pytest
from tests.tidy.sources import ROOT

# Put together from pieces, so that this file does not hold what it looks for.
_HOME_FOLDERS = "|".join("/" + name for name in ("work", "root", "home", "Users"))
FORBIDDEN = {
    "a path of a machine": re.compile(rf"(?<![\w./])({_HOME_FOLDERS})/(?!(?:ottla|appuser)\b)[\w.-]+"),
    "a registry's address": re.compile(
        r"https?://[^\s\"']*(artifactory|nexus|registry\.|devpi)", re.IGNORECASE
    ),
    "a registry's setting": re.compile("index" + r"[-_]url\s*="),
    "an unfinished thought": re.compile(r"\b(TO" + "DO|FIX" + "ME|XX" + r"X)\b"),
}
"""What must not be there, by what it would be."""


def test_no_tracked_file_holds_a_trace() -> None:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git repository, so there is no list of tracked files")
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    found = []
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [
            f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {kind}: {match[0]}"
            for kind, pattern in FORBIDDEN.items()
            for match in pattern.finditer(text)
        ]
    assert not found, "\n" + "\n".join(found)
