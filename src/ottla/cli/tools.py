"""THE table of tools: what each is called as a command, as one of Kafka's scripts and as a Java class, and where it is.

A tool is a module with `main(arguments) -> int`, imported when it runs. A row without a module is a tool that is not
there; its `absence` says why in one line. Old names of classes are those that earlier versions of Kafka had.
"""

from __future__ import annotations

from typing import NamedTuple

MODULES = "ottla.cli."

THREAD = 'Exception in thread "main" {text}'
TRACED = "{message}\n{text}"
ERROR_OCCURRED = "Error occurred: {message}\n{text}"
UNTRACED = "{message}"
"""What a tool makes of a failure that it does not expect: the Java tools differ. `text` begins with the class."""

NOT_YET = "is not in Ottla yet"
NO_ZOOKEEPER = "is gone: Apache Kafka 4 has no ZooKeeper, its servers keep the metadata themselves (KRaft)"
NO_JMX = "is not there: Ottla has no JVM and no JMX, but serves metrics to Prometheus (ottla server --metrics-port)"

_TOOLS = "org.apache.kafka.tools."


class Tool(NamedTuple):
    """A tool and its names. Without a module it is not there."""

    name: str
    summary: str
    module: str = ""
    script: str = ""
    """What Kafka calls the script, without `.sh`; empty for what only Ottla has."""
    classes: tuple[str, ...] = ()
    """The Java class, and after it the names that it had or has in other versions."""
    failure: str = THREAD
    absence: str = NOT_YET

    @property
    def is_there(self) -> bool:
        """Whether the tool can be run."""
        return bool(self.module)


def _absent(script: str, summary: str, *classes: str, absence: str = NOT_YET) -> Tool:
    return Tool(script.removeprefix("kafka-"), summary, "", script, classes, absence=absence)


TOOLS = (
    Tool("server", "run the broker (what plain `ottla` does)", "server"),
    Tool(
        "topics",
        "list, describe, create, alter and delete topics",
        "topics",
        "kafka-topics",
        (_TOOLS + "TopicCommand", "kafka.admin.TopicCommand"),
        TRACED,
    ),
    Tool(
        "configs",
        "show and change dynamic settings, quotas and SCRAM users",
        "configs",
        "kafka-configs",
        ("kafka.admin.ConfigCommand", _TOOLS + "ConfigCommand"),
    ),
    Tool(
        "console-producer",
        "write lines of standard input to a topic",
        "console_producer",
        "kafka-console-producer",
        (_TOOLS + "ConsoleProducer", "kafka.tools.ConsoleProducer"),
        UNTRACED,
    ),
    Tool(
        "console-consumer",
        "print the records of topics",
        "console_consumer",
        "kafka-console-consumer",
        (_TOOLS + "consumer.ConsoleConsumer", "kafka.tools.ConsoleConsumer"),
    ),
    Tool(
        "consumer-groups",
        "list, describe, reset and delete consumer groups",
        "consumer_groups",
        "kafka-consumer-groups",
        (_TOOLS + "consumer.group.ConsumerGroupCommand", "kafka.admin.ConsumerGroupCommand"),
    ),
    Tool(
        "groups",
        "list groups of every type",
        "groups",
        "kafka-groups",
        (_TOOLS + "GroupsCommand",),
        TRACED,
    ),
    Tool(
        "broker-api-versions",
        "show the versions of every API that the brokers know",
        "broker_api_versions",
        "kafka-broker-api-versions",
        (_TOOLS + "BrokerApiVersionsCommand", "kafka.admin.BrokerApiVersionsCommand"),
        TRACED,
    ),
    Tool(
        "get-offsets",
        "show the offsets of partitions",
        "get_offsets",
        "kafka-get-offsets",
        (_TOOLS + "GetOffsetShell", "kafka.tools.GetOffsetShell"),
        ERROR_OCCURRED,
    ),
    Tool(
        "delete-records",
        "delete the records below an offset",
        "delete_records",
        "kafka-delete-records",
        (_TOOLS + "DeleteRecordsCommand", "kafka.admin.DeleteRecordsCommand"),
        TRACED,
    ),
    Tool(
        "log-dirs",
        "show what the data directories hold",
        "log_dirs",
        "kafka-log-dirs",
        (_TOOLS + "LogDirsCommand", "kafka.admin.LogDirsCommand"),
        TRACED,
    ),
    Tool(
        "storage",
        "format and inspect data directories",
        "storage",
        "kafka-storage",
        ("kafka.tools.StorageTool", _TOOLS + "StorageTool"),
    ),
    Tool(
        "metadata-quorum",
        "show the metadata quorum",
        "metadata_quorum",
        "kafka-metadata-quorum",
        (_TOOLS + "MetadataQuorumCommand", "kafka.admin.MetadataQuorumCommand"),
        TRACED,
    ),
    Tool(
        "features",
        "show and change feature levels",
        "features",
        "kafka-features",
        (_TOOLS + "FeatureCommand", "kafka.admin.FeatureCommand"),
        UNTRACED,
    ),
    Tool(
        "cluster",
        "show the cluster's id and endpoints, unregister brokers",
        "cluster",
        "kafka-cluster",
        (_TOOLS + "ClusterTool", "kafka.tools.ClusterTool"),
        TRACED,
    ),
    Tool(
        "client-metrics",
        "say which metrics clients are to send",
        "client_metrics",
        "kafka-client-metrics",
        (_TOOLS + "ClientMetricsCommand",),
        TRACED,
    ),
    Tool(
        "leader-election",
        "elect leaders",
        "leader_election",
        "kafka-leader-election",
        (_TOOLS + "LeaderElectionCommand", "kafka.admin.LeaderElectionCommand"),
        TRACED,
    ),
    Tool(
        "reassign-partitions",
        "move partitions",
        "reassign_partitions",
        "kafka-reassign-partitions",
        (_TOOLS + "reassign.ReassignPartitionsCommand", "kafka.admin.ReassignPartitionsCommand"),
    ),
    Tool(
        "acls",
        "list, add and remove ACLs",
        "acls",
        "kafka-acls",
        (_TOOLS + "AclCommand", "kafka.admin.AclCommand"),
    ),
    Tool(
        "dump-log",
        "print log segments, indexes and snapshots",
        "dump_log",
        "kafka-dump-log",
        ("kafka.tools.DumpLogSegments", _TOOLS + "DumpLogSegments"),
    ),
    Tool(
        "producer-perf-test",
        "measure a producer",
        "producer_perf_test",
        "kafka-producer-perf-test",
        (_TOOLS + "ProducerPerformance", "kafka.tools.ProducerPerformance"),
    ),
    Tool(
        "consumer-perf-test",
        "measure a consumer",
        "consumer_perf_test",
        "kafka-consumer-perf-test",
        (_TOOLS + "ConsumerPerformance", "kafka.tools.ConsumerPerformance"),
    ),
    Tool(
        "verifiable-producer",
        "produce numbers, telling each step in JSON",
        "verifiable_producer",
        "kafka-verifiable-producer",
        (_TOOLS + "VerifiableProducer",),
    ),
    Tool(
        "verifiable-consumer",
        "consume, telling each step in JSON",
        "verifiable_consumer",
        "kafka-verifiable-consumer",
        (_TOOLS + "VerifiableConsumer",),
    ),
    Tool("run-class", "run the tool that a Java class is", "run_class", "kafka-run-class"),
    Tool(
        "server-start",
        "run the broker with a properties file, as a daemon too",
        "server_start",
        "kafka-server-start",
    ),
    Tool(
        "kafka-server",
        "what `run-class kafka.Kafka` runs: the broker with a properties file",
        "kafka_server",
        classes=("kafka.Kafka",),
    ),
    Tool("server-stop", "stop the brokers of this machine", "server_stop", "kafka-server-stop"),
    Tool("cub", "wait for brokers, as Confluent's images up to 7 do", "cub", "cub"),
    Tool("ub", "wait for brokers, as Confluent's images from 8 on do", "ub", "ub"),
    Tool("install-scripts", "write a launcher for every script of Kafka", "install_scripts"),
    _absent("kafka-console-share-consumer", "share groups", _TOOLS + "consumer.ConsoleShareConsumer"),
    _absent(
        "kafka-delegation-tokens",
        "delegation tokens",
        _TOOLS + "DelegationTokenCommand",
        "kafka.admin.DelegationTokenCommand",
    ),
    _absent("kafka-e2e-latency", "latency", _TOOLS + "EndToEndLatency", "kafka.tools.EndToEndLatency"),
    _absent("kafka-jmx", "JMX", _TOOLS + "JmxTool", "kafka.tools.JmxTool", absence=NO_JMX),
    _absent("kafka-metadata-shell", "the metadata log", "org.apache.kafka.shell.MetadataShell"),
    _absent(
        "kafka-replica-verification",
        "comparing replicas",
        _TOOLS + "ReplicaVerificationTool",
        "kafka.tools.ReplicaVerificationTool",
    ),
    _absent("kafka-share-consumer-perf-test", "share groups", _TOOLS + "ShareConsumerPerformance"),
    _absent("kafka-share-groups", "share groups", _TOOLS + "consumer.group.ShareGroupCommand"),
    _absent(
        "kafka-streams-application-reset",
        "Kafka Streams",
        _TOOLS + "StreamsResetter",
        "kafka.tools.StreamsResetter",
    ),
    _absent("kafka-streams-groups", "Kafka Streams", _TOOLS + "streams.StreamsGroupCommand"),
    _absent("kafka-transactions", "transactions", _TOOLS + "TransactionsCommand"),
    _absent("kafka-verifiable-share-consumer", "share groups", _TOOLS + "VerifiableShareConsumer"),
    _absent("connect-distributed", "Kafka Connect", "org.apache.kafka.connect.cli.ConnectDistributed"),
    _absent("connect-mirror-maker", "Kafka Connect", "org.apache.kafka.connect.mirror.MirrorMaker"),
    _absent("connect-plugin-path", "Kafka Connect", _TOOLS + "ConnectPluginPath"),
    _absent("connect-standalone", "Kafka Connect", "org.apache.kafka.connect.cli.ConnectStandalone"),
    _absent("trogdor", "fault injection", "org.apache.kafka.trogdor.agent.Agent"),
    _absent(
        "zookeeper-server-start",
        "ZooKeeper",
        "org.apache.zookeeper.server.quorum.QuorumPeerMain",
        absence=NO_ZOOKEEPER,
    ),
    _absent("zookeeper-server-stop", "ZooKeeper", absence=NO_ZOOKEEPER),
    _absent(
        "zookeeper-shell",
        "ZooKeeper",
        "org.apache.zookeeper.ZooKeeperMainWithTlsSupportForKafka",
        absence=NO_ZOOKEEPER,
    ),
    _absent(
        "zookeeper-security-migration", "ZooKeeper", "kafka.admin.ZkSecurityMigrator", absence=NO_ZOOKEEPER
    ),
)
"""Every script of Kafka 4.1.1's bin/, those that earlier versions had for ZooKeeper, Confluent's two, and our own."""

CONFLUENT_SCRIPTS = frozenset({"cub", "ub"})
"""Scripts that are not Kafka's and never end in `.sh`."""

DEFAULT_TOOL = "server"


def tool_named(name: str) -> Tool | None:
    """Return the tool that `ottla NAME` runs."""
    return next((tool for tool in TOOLS if tool.name == name), None)


def tool_of_script(path: str) -> Tool | None:
    """Return the tool that a script is, whatever folder it is in and with or without `.sh`."""
    script = path.rpartition("/")[2].removesuffix(".sh")
    return next((tool for tool in TOOLS if tool.script and tool.script == script), None)


def tool_of_class(name: str) -> Tool | None:
    """Return the tool that a Java class is, by any of its names."""
    return next((tool for tool in TOOLS if name in tool.classes), None)
