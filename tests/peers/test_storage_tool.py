"""Kafka's storage tool and ours on copies of the same directories: the same words, exit codes and files."""

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from ottla.cli.main import main
from ottla.config.sources import read_properties
from ottla.metadata.log_entries import QuorumRecord
from ottla.metadata.snapshot import decode_snapshot
from ottla.protocol.raft_records import VotersRecord
from ottla.records.batch import iterate_batches
from ottla.types import ZERO_UUID
from tests.peers import storage_cases as cases
from tests.peers.storage_cases import Case
from tests.peers.tools import KafkaTools

pytestmark = pytest.mark.java

# Kafka prints the trace of what is wrong with a meta.properties before it names it as a problem.
TRACE = re.compile(r"^(java\.|org\.|Caused by: |\tat |\t\.\.\. \d+ more)")
# Where ours says, behind Kafka's text, in which lines the settings stand.
PLACES = re.compile(r" \(ROOT/server\.properties:\d+(, ROOT/server\.properties:\d+)*\)$")


@dataclass(frozen=True)
class Outcome:
    """What a tool has left, with its own folder called ROOT."""

    stdout: str
    stderr: str
    exit_code: int
    root: Path


def prepare(case: Case, root: Path) -> list[str]:
    """Lay out the folder of a case and return its arguments."""
    for name, text in case.there.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    root.mkdir(exist_ok=True)
    config = root / "server.properties"
    config.write_text(
        "".join(f"{key}={value}\n" for key, value in case.config.items()).replace("{root}", str(root))
    )
    words = case.arguments.split()
    return [word.replace("{config}", str(config)).replace("{root}", str(root)) for word in words]


@dataclass
class Tools:
    """Both tools, each with a folder of its own for a case."""

    kafka_tools: KafkaTools
    folder: Path
    capsys: pytest.CaptureFixture[str]

    def kafka(self, case: Case) -> Outcome:
        root = self.folder / "kafka"
        done = self.kafka_tools.run("StorageTool", prepare(case, root))
        return self._outcome(root, done.stdout, done.stderr, done.exit_code)

    def ottla(self, case: Case) -> Outcome:
        root = self.folder / "ottla"
        exit_code = main(["storage", *prepare(case, root)])
        captured = self.capsys.readouterr()
        return self._outcome(root, captured.out, captured.err, exit_code)

    @staticmethod
    def _outcome(root: Path, stdout: str, stderr: str, exit_code: int) -> Outcome:
        return Outcome(stdout.replace(str(root), "ROOT"), stderr.replace(str(root), "ROOT"), exit_code, root)


@pytest.fixture
def tools(kafka_tools: KafkaTools, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Tools:
    return Tools(kafka_tools, tmp_path, capsys)


def lines_without_traces(stdout: str) -> list[str]:
    """Return what a tool printed; the order of several directories is that of a hash table with Kafka."""
    lines = [line for line in stdout.splitlines() if not TRACE.match(line)]
    return sorted(lines) if sum(line.startswith("Formatting ") for line in lines) > 1 else lines


def assert_same_answer(case: Case, expected: Outcome, found: Outcome) -> None:
    assert found.exit_code == expected.exit_code, expected
    assert lines_without_traces(found.stdout) == lines_without_traces(expected.stdout)
    if found.stderr and not case.own_words:
        assert PLACES.sub("", found.stderr.strip()) in expected.stderr


def files_below(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.name != "server.properties"
    }


def properties_of(content: bytes) -> dict[str, str]:
    return {key: setting.text for key, setting in read_properties(content.decode("latin-1"), "f").items()}


def without_times(content: bytes) -> bytes:
    """Return a checkpoint without what the clock has put there: timestamps of batches, and the checksums over them."""
    masked = bytearray(content)
    for position, _ in iterate_batches(content):
        struct.pack_into(">i", masked, position + 17, 0)
        struct.pack_into(">qq", masked, position + 27, 0, 0)
    return bytes(masked)


def quorum_of(content: bytes, has_named_ids: bool) -> list[QuorumRecord]:
    """Return what a snapshot says about its voters, without directory ids that each tool has drawn for itself."""
    quorum = decode_snapshot(content).quorum
    for record in quorum:
        if not isinstance(record, VotersRecord):
            continue
        record.voters.sort(key=lambda voter: voter.voter_id)  # Kafka's order is that of a hash table
        if not has_named_ids:
            for voter in record.voters:
                voter.voter_directory_id = ZERO_UUID
    return quorum


def assert_same_files(expected: Mapping[str, bytes], found: Mapping[str, bytes], named_ids: str) -> None:
    assert sorted(found) == sorted(expected)
    for name, content in found.items():
        if name.endswith("meta.properties"):
            ours, theirs = properties_of(content), properties_of(expected[name])
            if ours.get("directory.id") != theirs.get("directory.id"):
                assert ours["directory.id"] not in named_ids
                ours["directory.id"] = theirs["directory.id"]
            assert ours == theirs, name
        elif name.endswith("bootstrap.checkpoint"):
            assert without_times(content) == without_times(expected[name]), name
        elif name.endswith(".checkpoint"):
            has_named_ids = bool(named_ids)
            assert quorum_of(content, has_named_ids) == quorum_of(expected[name], has_named_ids), name
        else:
            assert content == expected[name], name


def named_ids(case: Case) -> str:
    """Return the part of the command line that gives directories their ids, empty where they are random."""
    return case.arguments if " -I " in case.arguments else ""


@pytest.mark.parametrize("case", cases.FORMATS, ids=lambda case: case.name)
def test_a_directory_is_formatted_in_the_same_way(tools: Tools, case: Case) -> None:
    expected, found = tools.kafka(case), tools.ottla(case)
    assert expected.exit_code == 0, expected.stderr
    assert_same_answer(case, expected, found)
    assert_same_files(files_below(expected.root), files_below(found.root), named_ids(case))


@pytest.mark.parametrize("case", cases.REFUSED_FORMATS, ids=lambda case: case.name)
def test_a_format_is_refused_with_the_same_words_and_changes_nothing(tools: Tools, case: Case) -> None:
    expected, found = tools.kafka(case), tools.ottla(case)
    assert expected.exit_code == 1
    assert_same_answer(case, expected, found)
    assert found.stderr
    assert files_below(found.root).keys() == case.there.keys()
    assert files_below(expected.root).keys() == case.there.keys()


@pytest.mark.parametrize("case", cases.INFOS, ids=lambda case: case.name)
def test_directories_are_described_in_the_same_way(tools: Tools, case: Case) -> None:
    assert_same_answer(case, tools.kafka(case), tools.ottla(case))


@pytest.mark.parametrize("case", cases.QUERIES, ids=lambda case: case.name)
def test_features_are_described_in_the_same_way(tools: Tools, case: Case) -> None:
    assert_same_answer(case, tools.kafka(case), tools.ottla(case))


def message(outcome: Outcome) -> str:
    """Return an error about arguments without the usage and the program before it, and without white space: argparse4j
    justifies its text, also within words that have a dash.
    """
    _, mark, text = re.sub(r"\s", "", outcome.stderr).partition(":error:")
    assert mark, outcome
    return text


@pytest.mark.parametrize("case", cases.ARGUMENTS, ids=lambda case: case.name)
def test_arguments_are_refused_with_the_same_words(tools: Tools, case: Case) -> None:
    expected, found = tools.kafka(case), tools.ottla(case)
    assert (found.exit_code, found.stdout) == (expected.exit_code, expected.stdout)
    assert message(found) == message(expected)
    usages = [
        outcome.stderr.partition("usage: ")[2].split("\n")[0].split()[:2] for outcome in (expected, found)
    ]
    assert usages[0] == usages[1]


def test_each_tool_reads_what_the_other_has_formatted(
    tools: Tools, kafka_tools: KafkaTools, capsys: pytest.CaptureFixture[str]
) -> None:
    case = Case("both", f"{cases.FORMAT} -s -S {cases.SCRAM}", cases.DYNAMIC)
    tools.kafka(case)
    tools.ottla(case)
    for root in (tools.folder / "kafka", tools.folder / "ottla"):
        config = str(root / "server.properties")
        expected = kafka_tools.run("StorageTool", ["info", "-c", config])
        assert main(["storage", "info", "-c", config]) == expected.exit_code == 0
        assert capsys.readouterr().out == expected.stdout
        again = ["format", "-g", "-s", "-t", cases.CLUSTER_ID, "-c", config]
        expected = kafka_tools.run("StorageTool", again)
        assert main(["storage", *again]) == expected.exit_code == 0
        assert (
            capsys.readouterr().out
            == expected.stdout
            == "All of the log directories are already formatted.\n"
        )
        checkpoints = [
            root / "data" / "bootstrap.checkpoint",
            root / "data" / "__cluster_metadata-0" / "00000000000000000000-0000000000.checkpoint",
        ]
        files = ",".join(map(str, checkpoints))
        dumped = kafka_tools.run(
            "DumpLogSegments", ["--cluster-metadata-decoder", "--files", files]
        ).checked()
        assert "isvalid: false" not in dumped.stdout
        assert "USER_SCRAM_CREDENTIAL_RECORD" in dumped.stdout
        assert "KRaftVoters" in dumped.stdout
