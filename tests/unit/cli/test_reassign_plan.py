import pytest

from ottla.cli.failures import ToolError
from ottla.cli.reassign_plan import (
    check_plan,
    follower_throttles,
    leader_throttles,
    moving_brokers,
    parse_plan,
    parse_topics_to_move,
    print_plan,
    proposed_moves,
)
from ottla.jvm_order import Replica
from ottla.types import TopicPartition

T0 = TopicPartition("t", 0)
T10 = TopicPartition("t", 10)
T2 = TopicPartition("t", 2)


def test_a_plan_names_brokers_and_perhaps_directories() -> None:
    plan = parse_plan(
        '{"version": 1, "partitions": [{"topic": "t", "partition": 0, "replicas": [1, 2], "log_dirs": ["any", "/d"]},'
        '{"topic": "t", "partition": 2, "replicas": [3]}]}'
    )
    assert plan.replicas == {T0: (1, 2), T2: (3,)}
    assert plan.directories == {Replica("t", 0, 2): "/d"}
    assert parse_plan("{}").assignments == ()


def test_a_plan_is_printed_in_the_order_of_partitions() -> None:
    assert print_plan({T10: (1,), T2: (2, 1)}) == (
        '{"version":1,"partitions":['
        '{"topic":"t","partition":2,"replicas":[2,1],"log_dirs":["any","any"]},'
        '{"topic":"t","partition":10,"replicas":[1],"log_dirs":["any"]}]}'
    )
    assert parse_plan(print_plan({T2: (2, 1)})).replicas == {T2: (2, 1)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            '{"version": 3}',
            "org.apache.kafka.tools.AdminOperationException: Not supported version field value 3",
        ),
        (
            '{"version": "1"}',
            'com.fasterxml.jackson.databind.JsonMappingException: Expected `Integer` value, received "1"',
        ),
        (
            '{"partitions": [{"topic": "t", "partition": 0, "replicas": [1, 2], "log_dirs": ["/d"]}]}',
            (
                "org.apache.kafka.tools.AdminCommandFailedException: Size of replicas list [1, 2] is different "
                "from size of log dirs list [/d] for partition t-0"
            ),
        ),
        (
            '{"partitions": [{"topic": "t"}]}',
            "com.fasterxml.jackson.databind.JsonMappingException: No such field exists: `partition`",
        ),
    ],
)
def test_a_plan_that_cannot_be_read_is_refused(text: str, words: str) -> None:
    with pytest.raises(ToolError) as caught:
        parse_plan(text)
    assert caught.value.java_text() == words


def test_a_text_that_is_no_json_is_an_operation_that_failed() -> None:
    with pytest.raises(ToolError) as caught:
        parse_plan("plan")
    assert caught.value.java_text().startswith(
        "org.apache.kafka.tools.AdminOperationException: Unrecognized token 'plan': was expecting"
    )


@pytest.mark.parametrize(
    ("partitions", "words"),
    [
        ("", "Partition reassignment list cannot be empty"),
        ('{"topic": "t", "partition": 0, "replicas": []}', "Partition replica list cannot be empty"),
        (
            ",".join(['{"topic": "t", "partition": 0, "replicas": [1]}'] * 3),
            "Partition reassignment contains duplicate topic partitions: t-0",
        ),
        (
            (
                '{"topic": "t", "partition": 0, "replicas": [2, 1, 2, 1]}, '
                '{"topic": "t", "partition": 2, "replicas": [3, 3]}'
            ),
            (
                "Partition replica lists may not contain duplicate entries: t-0 contains multiple entries for 1,2. "
                "t-2 contains multiple entries for 3"
            ),
        ),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused(partitions: str, words: str) -> None:
    with pytest.raises(ToolError) as caught:
        check_plan(parse_plan(f'{{"partitions": [{partitions}]}}'))
    assert caught.value.message == words


def test_topics_to_move_stand_beside_brokers() -> None:
    text = '{"topics": [{"topic": "t"}, {"topic": "u"}]}'
    assert parse_topics_to_move(text, "3,1,") == ([3, 1], ["t", "u"])


@pytest.mark.parametrize(
    ("text", "brokers", "words"),
    [
        ("{}", "1,2,1", "Broker list contains duplicate entries: [1]"),
        ("{}", "one", 'For input string: "one"'),
        ("{}", "", 'For input string: ""'),
        (
            '{"topics": [{"topic": "t"}, {"topic": "t"}]}',
            "1",
            "List of topics to reassign contains duplicate entries: [t]",
        ),
        ("no", "1", "The input string is not a valid JSON"),
        ('{"version": 2}', "1", "Not supported version field value 2"),
    ],
)
def test_topics_that_cannot_be_moved_are_refused(text: str, brokers: str, words: str) -> None:
    with pytest.raises(ToolError) as caught:
        parse_topics_to_move(text, brokers)
    assert caught.value.message == words


def test_moves_go_from_where_partitions_are_to_where_they_are_not() -> None:
    ongoing = {TopicPartition("u", 0): ((1, 2, 3), (3,))}
    moves = proposed_moves(ongoing, {T0: (2, 3), T2: (1,)}, {T0: (1, 2), T2: (1,)})
    assert leader_throttles(moves) == {"u": "0:1,0:2", "t": "0:1,0:2,2:1"}
    assert follower_throttles(moves) == {"u": "0:3", "t": "0:3"}
    assert moving_brokers(moves) == [1, 2, 3]


def test_a_move_that_goes_on_keeps_its_sources() -> None:
    moves = proposed_moves({T0: ((1, 2), (2,))}, {T0: (3,)}, {T0: (1, 2)})
    assert leader_throttles(moves) == {"t": "0:1"}
    assert follower_throttles(moves) == {"t": "0:3"}
