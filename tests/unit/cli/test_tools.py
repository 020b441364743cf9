"""THE table of tools is what it says."""

import importlib.util
from collections import Counter

import pytest

from ottla.cli.tools import (
    CONFLUENT_SCRIPTS,
    DEFAULT_TOOL,
    MODULES,
    TOOLS,
    Tool,
    tool_named,
    tool_of_class,
    tool_of_script,
)

SCRIPTS_OF_KAFKA_4_1 = """
connect-distributed connect-mirror-maker connect-plugin-path connect-standalone kafka-acls kafka-broker-api-versions
kafka-client-metrics kafka-cluster kafka-configs kafka-console-consumer kafka-console-producer
kafka-console-share-consumer kafka-consumer-groups kafka-consumer-perf-test kafka-delegation-tokens
kafka-delete-records kafka-dump-log kafka-e2e-latency kafka-features kafka-get-offsets kafka-groups kafka-jmx
kafka-leader-election kafka-log-dirs kafka-metadata-quorum kafka-metadata-shell kafka-producer-perf-test
kafka-reassign-partitions kafka-replica-verification kafka-run-class kafka-server-start kafka-server-stop
kafka-share-consumer-perf-test kafka-share-groups kafka-storage kafka-streams-application-reset kafka-streams-groups
kafka-topics kafka-transactions kafka-verifiable-consumer kafka-verifiable-producer kafka-verifiable-share-consumer
trogdor
"""


def test_every_script_of_kafka_is_there() -> None:
    scripts = {tool.script for tool in TOOLS}
    assert set(SCRIPTS_OF_KAFKA_4_1.split()) <= scripts
    assert scripts - set(SCRIPTS_OF_KAFKA_4_1.split()) - CONFLUENT_SCRIPTS - {""} == {
        "zookeeper-server-start",
        "zookeeper-server-stop",
        "zookeeper-shell",
        "zookeeper-security-migration",
    }


def test_no_name_is_used_twice() -> None:
    names = [tool.name for tool in TOOLS]
    names += [tool.script for tool in TOOLS if tool.script and tool.script != tool.name]
    names += [name for tool in TOOLS for name in tool.classes]
    assert [name for name, count in Counter(names).items() if count > 1] == []


@pytest.mark.parametrize("tool", [tool for tool in TOOLS if tool.is_there], ids=lambda tool: tool.name)
def test_a_tool_that_is_there_has_a_module_with_a_main(tool: Tool) -> None:
    assert importlib.util.find_spec(MODULES + tool.module) is not None
    module = importlib.import_module(MODULES + tool.module)
    assert callable(module.main)


def test_a_tool_is_found_by_each_of_its_names() -> None:
    topics = tool_named("topics")
    assert topics is not None
    for path in ("kafka-topics", "kafka-topics.sh", "/opt/kafka/bin/kafka-topics.sh", "bin/kafka-topics"):
        assert tool_of_script(path) is topics
    for name in ("org.apache.kafka.tools.TopicCommand", "kafka.admin.TopicCommand"):
        assert tool_of_class(name) is topics
    assert tool_named(DEFAULT_TOOL) is not None
    for name in ("", "nothing", "TopicCommand"):
        assert (tool_named(name), tool_of_script(name), tool_of_class(name)) == (None, None, None)
