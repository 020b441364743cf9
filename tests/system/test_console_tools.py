"""Apache Kafka's own command-line tools, as people type them, against a running broker."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.peers.tools import KafkaTools, ToolResult
from tests.support import raw_wire
from tests.support.broker_process import RunningBroker
from tests.support.waiting import eventually
from tests.system.conftest import RequireApi

pytestmark = pytest.mark.java

RunTool = Callable[..., ToolResult]


@pytest.fixture
def run(kafka_tools: KafkaTools, broker: RunningBroker) -> RunTool:
    """Give a function that runs a tool against the broker and expects it to succeed."""

    def run_checked(tool: str, *arguments: str, stdin: str | None = None) -> ToolResult:
        bootstrap = ["--bootstrap-server", broker.bootstrap]
        return kafka_tools.run(tool, [*bootstrap, *arguments], stdin).checked()

    return run_checked


@pytest.fixture
def refused(kafka_tools: KafkaTools, broker: RunningBroker) -> RunTool:
    """Give a function that runs a tool against the broker and expects it to fail with exit code 1."""

    def run_refused(tool: str, *arguments: str) -> ToolResult:
        result = kafka_tools.run(tool, ["--bootstrap-server", broker.bootstrap, *arguments])
        assert result.exit_code == 1
        return result

    return run_refused


def committed_offsets(run: RunTool, group: str) -> dict[int, tuple[str, str, str]]:
    """Return current offset, log end offset and lag by partition, as the tool prints them."""
    table = run("ConsumerGroupCommand", "--describe", "--group", group).stdout.splitlines()
    rows = [line.split() for line in table if line.startswith(group + " ")]
    return {int(row[2]): (row[3], row[4], row[5]) for row in rows}


def create(run: RunTool, topic: str, partitions: int = 1) -> None:
    """Create a topic and wait until its leader answers; a producer that comes before may have to retry for long."""
    run("TopicCommand", "--create", "--topic", topic, "--partitions", str(partitions))
    eventually(lambda: len(run("GetOffsetShell", "--topic", topic).stdout.splitlines()) == partitions)


def test_topics_are_created_listed_described_grown_and_deleted(
    run: RunTool, refused: RunTool, name: str
) -> None:
    made = run(
        "TopicCommand", "--create", "--topic", name, "--partitions", "2", "--config", "retention.ms=60000"
    )
    assert made.stdout == f"Created topic {name}.\n"
    assert name in run("TopicCommand", "--list").stdout.splitlines()
    again = refused("TopicCommand", "--create", "--topic", name)
    assert again.stdout == f"Error while executing topic command : Topic '{name}' already exists.\n"
    assert run("TopicCommand", "--create", "--if-not-exists", "--topic", name).stdout == ""

    run("TopicCommand", "--alter", "--topic", name, "--partitions", "3")
    fewer = refused("TopicCommand", "--alter", "--topic", name, "--partitions", "1")
    assert "The topic " + name + " currently has 3 partition(s); 1 would not be an increase." in fewer.stdout

    def described() -> list[str]:
        return run("TopicCommand", "--describe", "--topic", name).stdout.splitlines()

    eventually(lambda: len(described()) == 4)
    heading, *partitions = described()
    assert re.fullmatch(
        rf"Topic: {name}\tTopicId: [A-Za-z0-9_-]{{22}}\tPartitionCount: 3\tReplicationFactor: 1"
        r"\tConfigs: min\.insync\.replicas=1,retention\.ms=60000",
        heading,
    )
    assert partitions == [
        f"\tTopic: {name}\tPartition: {number}\tLeader: 1\tReplicas: 1\tIsr: 1\tElr: \tLastKnownElr: "
        for number in range(3)
    ]

    run("TopicCommand", "--delete", "--topic", name)
    eventually(lambda: name not in run("TopicCommand", "--list").stdout.splitlines())
    gone = refused("TopicCommand", "--describe", "--topic", name)
    assert gone.stdout == f"Error while executing topic command : Topic '{name}' does not exist as expected\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--partitions", "0"], "The partitions must be greater than 0"),
        (["--replication-factor", "2"], "Unable to replicate the partition 2 time(s): "),
        (["--config", "retention.ms=soon"], "Invalid value soon for configuration retention.ms: "),
        (["--config", "no.such.option=1"], "Unknown topic config name: no.such.option"),
    ],
)
def test_a_topic_with_a_wrong_option_is_refused_with_the_reason(
    refused: RunTool, arguments: list[str], message: str, name: str
) -> None:
    failed = refused("TopicCommand", "--create", "--topic", name, *arguments)
    assert message in failed.stdout + failed.stderr


def test_a_topic_with_a_wrong_name_is_refused_with_the_reason(refused: RunTool) -> None:
    failed = refused("TopicCommand", "--create", "--topic", "not/valid")
    assert "Topic name is invalid" in failed.stdout + failed.stderr


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_lines_go_through_the_console_producer_and_consumer(run: RunTool, codec: str, name: str) -> None:
    create(run, name)
    lines = [f"h{number}:x\tkey{number}\tvälue {number}" for number in range(50)]
    properties = ["--property", "parse.key=true", "--property", "parse.headers=true"]
    typed = "\n".join(lines) + "\n"
    produced = run("ConsoleProducer", "--topic", name, "--compression-codec", codec, *properties, stdin=typed)
    assert (produced.stdout, produced.stderr) == ("", "")

    options = ["--from-beginning", "--max-messages", "50", "--property", "print.key=true"]
    options += ["--property", "print.headers=true", "--property", "print.offset=true"]
    consumed = run("ConsoleConsumer", "--topic", name, *options)
    assert consumed.stdout.splitlines() == [f"Offset:{number}\t{line}" for number, line in enumerate(lines)]
    assert consumed.stderr == "Processed a total of 50 messages\n"


def test_a_group_is_listed_described_reset_and_deleted(run: RunTool, group_protocol: str, name: str) -> None:
    create(run, name)
    run("ConsoleProducer", "--topic", name, stdin="a\nb\nc\n")
    consume = ["--topic", name, "--group", name, "--from-beginning", "--max-messages", "3"]
    consume += ["--consumer-property", f"group.protocol={group_protocol}"]
    assert run("ConsoleConsumer", *consume).stdout == "a\nb\nc\n"

    assert name in run("ConsumerGroupCommand", "--list").stdout.splitlines()
    state = run("ConsumerGroupCommand", "--list", "--state", "empty", "--type", group_protocol).stdout
    assert [name, group_protocol.title(), "Empty"] in [line.split() for line in state.splitlines()]
    assert committed_offsets(run, name) == {0: ("3", "3", "0")}

    reset = ["--reset-offsets", "--group", name, "--topic", name, "--to-offset", "1", "--execute"]
    table = run("ConsumerGroupCommand", *reset).stdout.splitlines()
    assert table[2].split() == [name, name, "0", "1"]
    assert committed_offsets(run, name) == {0: ("1", "3", "2")}
    assert run("ConsoleConsumer", *consume[:-4], "--max-messages", "2", *consume[-2:]).stdout == "b\nc\n"

    deleted = run("ConsumerGroupCommand", "--delete", "--group", name)
    assert deleted.stdout == f"Deletion of requested consumer groups ('{name}') was successful.\n"
    assert name not in run("ConsumerGroupCommand", "--list").stdout.splitlines()


def test_the_members_of_a_living_group_are_described(
    kafka_tools: KafkaTools, broker: RunningBroker, run: RunTool, group_protocol: str, name: str
) -> None:
    create(run, name, 2)
    run("ConsoleProducer", "--topic", name, stdin="a\n")
    consume = ["--bootstrap-server", broker.bootstrap, "--topic", name, "--group", name, "--from-beginning"]
    consume += ["--consumer-property", f"group.protocol={group_protocol}"]
    with kafka_tools.start("ConsoleConsumer", consume) as consumer:
        consumer.wait_for_output("a\n")
        members = run("ConsumerGroupCommand", "--describe", "--group", name, "--members").stdout.splitlines()
        state = run("ConsumerGroupCommand", "--describe", "--group", name, "--state").stdout.splitlines()
        busy = run("ConsumerGroupCommand", "--delete", "--group", name).stdout
        assert consumer.interrupt().stderr == "Processed a total of 1 messages\n"

    group, member, host, client, partitions = members[2].split()
    assert (group, client, partitions) == (name, "console-consumer", "2")
    assert member.startswith("console-consumer-") or group_protocol == "consumer"
    assert host == "/127.0.0.1"
    strategy = {"classic": "range", "consumer": "uniform"}[group_protocol]
    assert state[2].split() == [name, broker.bootstrap, "(1)", strategy, "Stable", "1"]
    assert "The group is not empty." in busy


def test_offsets_are_printed_by_time_and_place(run: RunTool, refused: RunTool, name: str) -> None:
    create(run, name, 2)
    run("ConsoleProducer", "--topic", name, stdin="a\n")
    sums = [
        sum(
            int(line.split(":")[2])
            for line in run("GetOffsetShell", "--topic", name, *time).stdout.splitlines()
        )
        for time in ([], ["--time", "-1"], ["--time", "earliest"], ["--time", "0"])
    ]
    assert sums == [1, 1, 0, 0]
    listed = run("GetOffsetShell", "--topic-partitions", f"{name}:0-2").stdout.splitlines()
    assert [line.rsplit(":", 1)[0] for line in listed] == [f"{name}:0", f"{name}:1"]
    missing = refused("GetOffsetShell", "--topic", "no-such-topic")
    assert "Could not match any topic-partitions with the specified filters" in missing.stderr


def test_every_version_that_the_broker_offers_is_one_of_kafkas(run: RunTool, broker: RunningBroker) -> None:
    printed = run("BrokerApiVersionsCommand").stdout
    assert printed.startswith(f"{broker.bootstrap} (id: 1 rack: null isFenced: false) -> (\n")
    usable = re.findall(r"^\t(\w+)\(\d+\): .* \[usable: (\d+)\]", printed, re.MULTILINE)
    assert (
        dict(usable).items() >= {"Produce": "13", "Fetch": "18", "Metadata": "13", "ApiVersions": "4"}.items()
    )
    assert "UNKNOWN" not in printed
    assert "unusable" not in printed


def test_the_configuration_of_a_topic_is_altered_and_described(
    run: RunTool, refused: RunTool, name: str
) -> None:
    create(run, name)
    entity = ["--entity-type", "topics", "--entity-name", name]
    added = run(
        "ConfigCommand",
        "--alter",
        *entity,
        "--add-config",
        "retention.ms=1000,cleanup.policy=[compact,delete]",
    )
    assert added.stdout == f"Completed updating config for topic {name}.\n"
    described = run("ConfigCommand", "--describe", *entity).stdout.splitlines()
    assert described[0] == f"Dynamic configs for topic {name} are:"
    dynamic = "sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG"
    policy = f"  cleanup.policy=compact,delete {dynamic}:cleanup.policy=compact,delete"
    assert sorted(described[1:]) == [
        policy + ", DEFAULT_CONFIG:log.cleanup.policy=delete}",
        f"  retention.ms=1000 {dynamic}:retention.ms=1000}}",
    ]
    run("ConfigCommand", "--alter", *entity, "--delete-config", "retention.ms,cleanup.policy")
    assert run("ConfigCommand", "--describe", *entity).stdout.splitlines()[1:] == []
    everything = run("ConfigCommand", "--describe", "--all", *entity).stdout
    assert (
        "  compression.type=producer sensitive=false synonyms={DEFAULT_CONFIG:compression.type=producer}"
        in everything
    )
    wrong = refused("ConfigCommand", "--alter", *entity, "--add-config", "retention.ms=soon")
    assert "Invalid value soon for configuration retention.ms" in wrong.stderr


@pytest.mark.parametrize("acks", ["1", "all"])
def test_the_performance_tools_write_and_read_every_record(
    kafka_tools: KafkaTools, broker: RunningBroker, run: RunTool, acks: str, name: str
) -> None:
    create(run, name, 3)
    arguments = ["--topic", name, "--num-records", "20000", "--record-size", "100", "--throughput", "-1"]
    arguments += ["--producer-props", f"bootstrap.servers={broker.bootstrap}", f"acks={acks}"]
    written = kafka_tools.run("ProducerPerformance", arguments).checked()
    assert written.stdout.splitlines()[-1].startswith("20000 records sent, ")

    read = run("ConsumerPerformance", "--topic", name, "--messages", "20000", "--hide-header").stdout
    assert read.split(", ")[4] == "20000"
    ends = run("GetOffsetShell", "--topic", name).stdout.splitlines()
    assert sum(int(line.split(":")[2]) for line in ends) == 20000


def test_records_are_deleted_up_to_an_offset(run: RunTool, name: str, tmp_path: Path) -> None:
    create(run, name)
    run("ConsoleProducer", "--topic", name, stdin="a\nb\nc\n")
    wanted = {"partitions": [{"topic": name, "partition": 0, "offset": 2}], "version": 1}
    path = tmp_path / "offsets.json"
    path.write_text(json.dumps(wanted))
    deleted = run("DeleteRecordsCommand", "--offset-json-file", str(path))
    assert deleted.stdout.splitlines()[-1] == f"partition: {name}-0\tlow_watermark: 2"
    assert run("GetOffsetShell", "--topic", name, "--time", "-2").stdout == f"{name}:0:2\n"
    assert run("ConsoleConsumer", "--topic", name, "--from-beginning", "--max-messages", "1").stdout == "c\n"


def test_assignments_of_replicas_are_taken_or_refused_with_the_reason(
    run: RunTool, refused: RunTool, name: str
) -> None:
    made = run("TopicCommand", "--create", "--topic", name, "--replica-assignment", "1,1")
    assert made.stdout == f"Created topic {name}.\n"
    run("TopicCommand", "--alter", "--topic", name, "--partitions", "3", "--replica-assignment", "1,1,1")
    eventually(lambda: len(run("TopicCommand", "--describe", "--topic", name).stdout.splitlines()) == 4)
    failed = refused("TopicCommand", "--create", "--topic", f"{name}-2", "--replica-assignment", "9")
    assert "includes broker 9, but no such broker is registered." in failed.stdout


@pytest.mark.parametrize("election_type", ["preferred", "unclean"])
def test_a_leader_that_is_well_is_not_elected_again(
    run: RunTool, refused: RunTool, election_type: str, name: str
) -> None:
    create(run, name, 2)
    options = ["--election-type", election_type]
    one = run("LeaderElectionCommand", *options, "--topic", name, "--partition", "1")
    assert one.stdout == f"Valid replica already elected for partitions {name}-1\n"
    assert run("LeaderElectionCommand", *options, "--all-topic-partitions").stdout == ""
    missing = refused("LeaderElectionCommand", *options, "--topic", name, "--partition", "7")
    assert f"No such partition as {name}-7" in missing.stdout
    assert "1 replica(s) could not be elected" in missing.stderr


def reassignment_file(path: Path, topic: str, replicas: list[int]) -> list[str]:
    """Write where the first partition of a topic is to be; return the option that names the file."""
    wanted = {"version": 1, "partitions": [{"topic": topic, "partition": 0, "replicas": replicas}]}
    path.write_text(json.dumps(wanted))
    return ["--reassignment-json-file", str(path)]


def test_a_move_to_where_the_replicas_are_is_over_at_once(run: RunTool, name: str, tmp_path: Path) -> None:
    create(run, name)
    topics = tmp_path / "topics.json"
    topics.write_text(json.dumps({"version": 1, "topics": [{"topic": name}]}))
    plan = run(
        "ReassignPartitionsCommand",
        "--generate",
        "--topics-to-move-json-file",
        str(topics),
        "--broker-list",
        "1",
    )
    assert plan.stdout.splitlines()[-1] == (
        f'{{"version":1,"partitions":[{{"topic":"{name}","partition":0,"replicas":[1],"log_dirs":["any"]}}]}}'
    )
    file = reassignment_file(tmp_path / "moves.json", name, [1])
    executed = run("ReassignPartitionsCommand", "--execute", *file).stdout
    assert executed.endswith(f"Successfully started partition reassignment for {name}-0\n")
    listed = run("ReassignPartitionsCommand", "--list").stdout
    assert listed == "No partition reassignments found.\n"
    verified = run("ReassignPartitionsCommand", "--verify", "--preserve-throttles", *file).stdout
    assert verified.splitlines() == [
        "Status of partition reassignment:",
        f"Reassignment of partition {name}-0 is completed.",
        "",
    ]
    cancelled = run("ReassignPartitionsCommand", "--cancel", "--preserve-throttles", *file).stdout
    assert cancelled.startswith("None of the specified partition reassignments are active.\n")


def test_a_move_to_another_node_is_refused_with_the_reason(
    run: RunTool, refused: RunTool, name: str, tmp_path: Path
) -> None:
    create(run, name)
    unknown = reassignment_file(tmp_path / "unknown.json", name, [9])
    assert "Unknown broker id 9" in refused("ReassignPartitionsCommand", "--execute", *unknown).stdout
    missing = reassignment_file(tmp_path / "missing.json", f"{name}-missing", [1])
    failed = refused("ReassignPartitionsCommand", "--execute", *missing)
    assert f"{name}-missing" in failed.stdout


def test_a_replica_stays_in_its_directory_and_moves_to_no_other(
    run: RunTool, refused: RunTool, broker: RunningBroker, name: str, tmp_path: Path
) -> None:
    create(run, name)

    def move(directory: str) -> list[str]:
        wanted = {"topic": name, "partition": 0, "replicas": [1], "log_dirs": [directory]}
        path = tmp_path / "moves.json"
        path.write_text(json.dumps({"version": 1, "partitions": [wanted]}))
        return ["--execute", "--reassignment-json-file", str(path)]

    here = str(broker.data_dir)
    assert f"log directory to {here}" in run("ReassignPartitionsCommand", *move(here)).stdout
    elsewhere = refused("ReassignPartitionsCommand", *move(str(tmp_path / "elsewhere")))
    assert "LogDirNotFoundException" in elsewhere.stdout + elsewhere.stderr


def test_the_log_directory_is_described(run: RunTool, broker: RunningBroker, name: str) -> None:
    create(run, name)
    lines = run("LogDirsCommand", "--describe", "--topic-list", name).stdout.splitlines()
    (directory,) = json.loads(lines[-1])["brokers"][0]["logDirs"]
    assert (directory["error"], directory["logDir"]) == (None, str(broker.data_dir))
    assert directory["partitions"] == [
        {"partition": f"{name}-0", "size": 0, "offsetLag": 0, "isFuture": False},
    ]


def test_the_quorum_is_described(run: RunTool, require_api: RequireApi) -> None:
    require_api(raw_wire.DESCRIBE_QUORUM)
    printed = run("MetadataQuorumCommand", "describe", "--status").stdout
    status = dict(re.findall(r"^(\w+): +(.*)$", printed, re.MULTILINE))
    assert (status["LeaderId"], status["MaxFollowerLag"]) == ("1", "0")
    assert int(status["HighWatermark"]) > 0
