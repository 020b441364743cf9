"""kafka-reassign-partitions: proposes, begins, verifies, cancels and lists moves of partitions.

As with Kafka's tool, what goes wrong behind the options is printed on standard output, its causes with it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from random import Random

from ottla.cli.admin_access import load_properties, open_admin, read_text
from ottla.cli.admin_questions import raised_by_futures
from ottla.cli.failures import TERSE, ToolError, terse
from ottla.cli.java_failures import (
    FAILURES,
    admin_command_failed,
    admin_operation_failed,
    execution_failure,
    message_of,
    stack_trace,
)
from ottla.cli.jopt import Parsed, parse
from ottla.cli.reassign_partitions_options import OPTIONS, check_options
from ottla.cli.reassign_placement import place_replicas
from ottla.cli.reassign_plan import (
    Assignment,
    Plan,
    check_plan,
    follower_throttles,
    leader_throttles,
    moving_brokers,
    parse_plan,
    parse_topics_to_move,
    print_plan,
    proposed_moves,
)
from ottla.cli.reassign_requests import (
    describe_brokers,
    directory_states,
    move_partitions,
    move_replicas,
    ongoing_moves,
    replicas_of_partitions,
    replicas_of_topics,
)
from ottla.cli.reassign_states import (
    OngoingMove,
    PartitionState,
    directory_lines,
    ongoing_lines,
    partition_lines,
)
from ottla.cli.resource_configs import DELETE, SET, Alteration, ResourceType, alter_configs
from ottla.cli.topic_metadata import describe_each_topic
from ottla.client.cluster import Cluster
from ottla.client.failures import ApiError
from ottla.errors import ErrorCode
from ottla.jvm_order import (
    Replica,
    integers_in_hash_order,
    partitions_in_hash_order,
    replicas_in_hash_order,
    strings_in_hash_order,
)
from ottla.types import TopicPartition

_LEADER_RATE = "leader.replication.throttled.rate"
_FOLLOWER_RATE = "follower.replication.throttled.rate"
_DIRECTORY_RATE = "replica.alter.log.dirs.io.max.bytes.per.second"
_LEADER_REPLICAS = "leader.replication.throttled.replicas"
_FOLLOWER_REPLICAS = "follower.replication.throttled.replicas"

_MOVES_GO_ON = (
    "Cannot execute because there is an existing partition assignment.  Use --additional to override this and "
    "create a new partition assignment in addition to the existing one. The --additional flag can also be used to "
    "change the throttle by resubmitting the current reassignment."
)
_THROTTLE_STAYS = (
    "Warning: You must run --verify periodically, until the reassignment completes, to ensure the throttle "
    "is removed."
)
_ROLLBACK = "Save this to use as the --reassignment-json-file option during rollback"
_RETRY_PAUSE_S = 0.1
"""Between attempts to move replicas into directories that their brokers do not have yet, as Kafka's tool waits."""


def main(arguments: Sequence[str]) -> int:
    """Run the tool and return its exit code. Raises what `cli.frame` prints."""
    parsed = parse(OPTIONS, arguments)
    action = check_options(parsed)
    try:
        with _open(parsed) as cluster:
            _ACTIONS[action](cluster, parsed)
    except FAILURES as error:
        if isinstance(error, ToolError) and error.java_class == TERSE:
            print(message_of(error))
        else:
            print(f"Error: {message_of(error)}\n{stack_trace(error)}")
        return 1
    return 0


def _open(parsed: Parsed) -> Cluster:
    properties = load_properties(parsed.text("command-config"))
    servers, controllers = parsed.text("bootstrap-server"), parsed.text("bootstrap-controller")
    if servers is None and controllers is None:
        raise ToolError("java.lang.NullPointerException", None)
    return open_admin(properties, servers, controllers=controllers, client_id="reassign-partitions-tool")


def _plan(parsed: Parsed) -> Plan:
    return parse_plan(read_text(parsed.text("reassignment-json-file") or ""))


def _generate(cluster: Cluster, parsed: Parsed) -> None:
    text = read_text(parsed.text("topics-to-move-json-file") or "")
    brokers, topics = parse_topics_to_move(text, parsed.text("broker-list") or "")
    current = replicas_of_topics(cluster, topics)
    racks = _usable_racks(cluster, brokers, respects_racks=not parsed.has("disable-rack-aware"))
    proposed = propose(current, racks, Random())  # noqa: S311 - no secret
    print(f"Current partition replica assignment\n{print_plan(current)}\n")
    print(f"Proposed partition reassignment configuration\n{print_plan(proposed)}")


def _usable_racks(cluster: Cluster, brokers: Iterable[int], *, respects_racks: bool) -> dict[int, str | None]:
    known = describe_brokers(cluster)
    racks = {each: known[each] if respects_racks else None for each in brokers if each in known}
    without = sum(rack is None for rack in racks.values())
    if respects_racks and without not in {0, len(racks)}:
        raise admin_operation_failed(
            "Not all brokers have rack information. Add --disable-rack-aware in command line to make replica "
            "assignment without rack information."
        )
    return racks


def propose(
    current: Mapping[TopicPartition, Sequence[int]], racks: Mapping[int, str | None], random: Random
) -> dict[TopicPartition, tuple[int, ...]]:
    """Return where partitions could be, with as many replicas as the first one of their topic has now."""
    by_topic: dict[str, list[Sequence[int]]] = {}
    for each in partitions_in_hash_order(current):
        by_topic.setdefault(each.topic, []).append(current[each])
    proposed: dict[TopicPartition, tuple[int, ...]] = {}
    for topic in strings_in_hash_order(by_topic):
        found = by_topic[topic]
        placements = place_replicas(racks, len(found), len(found[0]), random)
        proposed |= {TopicPartition(topic, number): replicas for number, replicas in enumerate(placements)}
    return proposed


def _execute(cluster: Cluster, parsed: Parsed) -> None:
    plan = _plan(parsed)
    check_plan(plan)
    between_brokers = parsed.number("throttle") or 0
    between_directories = parsed.number("replica-alter-log-dirs-throttle") or 0
    timeout_ms = parsed.number("timeout") or 0
    under_way = ongoing_moves(cluster)
    if under_way and not parsed.has("additional"):
        raise terse(_MOVES_GO_ON)
    known = describe_brokers(cluster)
    targets = [each for assignment in plan.assignments for each in assignment.replicas]
    for broker_id in integers_in_hash_order(targets):
        if broker_id not in known:
            raise admin_command_failed(f"Unknown broker id {broker_id}")
    current = replicas_of_partitions(cluster, plan.replicas)
    print(f"Current partition replica assignment\n\n{print_plan(current)}\n\n{_ROLLBACK}")
    if between_brokers >= 0 or between_directories >= 0:
        print(_THROTTLE_STAYS)
    if between_brokers >= 0:
        _throttle_brokers(cluster, plan, under_way, current, between_brokers)
    if between_directories >= 0:
        brokers = integers_in_hash_order(replica.broker_id for replica in plan.directories)
        _change_configs(
            cluster,
            ResourceType.BROKER,
            {str(each): {_DIRECTORY_RATE: str(between_directories)} for each in brokers},
        )
        print(f"The replica-alter-dir throttle limit was set to {between_directories} B/s")
    refused = move_partitions(
        cluster,
        plan.replicas,
        allows_replication_factor_change=not parsed.has("disallow-replication-factor-change"),
    )
    if refused:
        raise terse(f"Error reassigning partition(s):\n{_refusals(refused)}")
    names = ",".join(map(str, sorted(plan.replicas)))
    print(f"Successfully started partition reassignment{_plural(plan.replicas)} for {names}")
    if plan.directories:
        _move_to_directories(cluster, plan.directories, timeout_ms)


def _throttle_brokers(
    cluster: Cluster,
    plan: Plan,
    under_way: Mapping[TopicPartition, OngoingMove],
    current: Mapping[TopicPartition, Sequence[int]],
    rate: int,
) -> None:
    ongoing = {each: (move.replicas, move.adding) for each, move in under_way.items()}
    moves = proposed_moves(ongoing, plan.replicas, current)
    leaders, followers = leader_throttles(moves), follower_throttles(moves)
    _change_configs(
        cluster,
        ResourceType.TOPIC,
        {topic: {_LEADER_REPLICAS: leaders[topic], _FOLLOWER_REPLICAS: followers[topic]} for topic in moves},
    )
    _change_configs(
        cluster,
        ResourceType.BROKER,
        {str(each): {_LEADER_RATE: str(rate), _FOLLOWER_RATE: str(rate)} for each in moving_brokers(moves)},
    )
    print(f"The inter-broker throttle limit was set to {rate} B/s")


def _move_to_directories(cluster: Cluster, directories: Mapping[Replica, str], timeout_ms: int) -> None:
    """Have replicas move into directories, those too that their brokers do not have yet, until the time is over."""
    deadline_s = time.monotonic() + timeout_ms / 1000
    pending = dict(directories)
    while True:
        started = _started(move_replicas(cluster, pending))
        for replica in sorted(started, key=lambda each: (each.broker_id, each.topic, each.partition)):
            print(
                f"Successfully started moving log directory to {pending[replica]} for replica "
                f"{replica.topic}-{replica.partition} with broker {replica.broker_id} "
            )
        pending = {replica: path for replica, path in pending.items() if replica not in started}
        if not pending:
            return
        if time.monotonic() >= deadline_s:
            ordered = sorted(pending, key=lambda each: (each.broker_id, each.topic, each.partition))
            raise terse(
                f"Timed out before log directory move{_plural(pending)} could be started for: "
                f"{','.join(map(str, ordered))}"
            )
        time.sleep(_RETRY_PAUSE_S)


def _started(results: Mapping[Replica, ApiError | None]) -> set[Replica]:
    """Return the replicas that move; raises the tool's failure where one may not."""
    for replica in replicas_in_hash_order(results):
        error = results[replica]
        if error is not None and error.code is not ErrorCode.REPLICA_NOT_AVAILABLE:
            raise admin_command_failed(f"Failed to alter dir for {replica}", execution_failure(error))
    return {replica for replica, error in results.items() if error is None}


def _verify(cluster: Cluster, parsed: Parsed) -> None:
    plan = _plan(parsed)
    under_way = ongoing_moves(cluster)
    print(partition_lines(_partition_states(cluster, plan.assignments, under_way)))
    states = directory_states(cluster, plan.directories)
    print(directory_lines(states))
    is_done = not under_way and all(state.is_done for state in states.values())
    if is_done and not parsed.has("preserve-throttles"):
        _clear_throttles(cluster, plan)


def _partition_states(
    cluster: Cluster, assignments: Iterable[Assignment], under_way: Mapping[TopicPartition, OngoingMove]
) -> dict[TopicPartition, PartitionState]:
    wanted = list(assignments)
    at_rest = [each.partition.topic for each in wanted if each.partition not in under_way]
    with raised_by_futures():
        described = describe_each_topic(cluster, at_rest)
    states = {}
    for partition, target in wanted:
        if partition in under_way:
            states[partition] = PartitionState(under_way[partition].replicas, target, is_done=False)
            continue
        found = described[partition.topic]
        if isinstance(found, ApiError):
            if found.code is not ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
                raise execution_failure(found)
            current: tuple[int, ...] = ()
        else:
            current = _replicas_at([each.replicas for each in found.partitions], partition.partition)
        states[partition] = PartitionState(current, target, is_done=True)
    return states


def _replicas_at(replicas: Sequence[tuple[int, ...]], number: int) -> tuple[int, ...]:
    """Return the replicas of a partition; Kafka's tool trips over the number behind the last one."""
    if len(replicas) < number:
        return ()
    if not 0 <= number < len(replicas):
        words = f"Index {number} out of bounds for length {len(replicas)}"
        raise ToolError("java.lang.IndexOutOfBoundsException", words)
    return replicas[number]


def _cancel(cluster: Cluster, parsed: Parsed) -> None:
    plan = _plan(parsed)
    timeout_ms = parsed.number("timeout") or 0
    under_way = ongoing_moves(cluster, plan.replicas)
    moving = [each for each, move in under_way.items() if move.adding or move.removing]
    if moving:
        refused = move_partitions(cluster, dict.fromkeys(moving))
        if refused:
            raise terse(
                f"Error cancelling partition reassignment{_plural(refused)} for:\n{_refusals(refused)}"
            )
        names = ",".join(map(str, sorted(moving)))
        print(f"Successfully cancelled partition reassignment{_plural(moving)} for: {names}")
    else:
        print("None of the specified partition reassignments are active.")
    states = directory_states(cluster, plan.directories)
    back = {replica: state.current for replica, state in states.items() if state.future and state.current}
    if back:
        _move_to_directories(cluster, back, timeout_ms)
    else:
        print("None of the specified partition moves are active.", end="")
    if not parsed.has("preserve-throttles"):
        _clear_throttles(cluster, plan)


def _clear_throttles(cluster: Cluster, plan: Plan) -> None:
    targets = [each for assignment in plan.assignments for each in assignment.replicas]
    brokers = integers_in_hash_order([*integers_in_hash_order(describe_brokers(cluster)), *targets])
    print(f"Clearing broker-level throttles on broker{_plural(brokers)} {','.join(map(str, brokers))}")
    keys = (_LEADER_RATE, _FOLLOWER_RATE, _DIRECTORY_RATE)
    _change_configs(cluster, ResourceType.BROKER, {str(each): dict.fromkeys(keys) for each in brokers})
    topics = strings_in_hash_order(each.partition.topic for each in plan.assignments)
    print(f"Clearing topic-level throttles on topic{_plural(topics)} {','.join(topics)}")
    _change_configs(
        cluster,
        ResourceType.TOPIC,
        {each: dict.fromkeys((_LEADER_REPLICAS, _FOLLOWER_REPLICAS)) for each in topics},
    )


def _change_configs(
    cluster: Cluster, resource_type: ResourceType, changes: Mapping[str, Mapping[str, str | None]]
) -> None:
    """Set the keys of resources, or take back those whose value is None."""
    with raised_by_futures():
        alter_configs(
            cluster,
            resource_type,
            {
                name: [
                    Alteration(DELETE if value is None else SET, key, value) for key, value in wanted.items()
                ]
                for name, wanted in changes.items()
            },
        )


def _list(cluster: Cluster, _parsed: Parsed) -> None:
    print(ongoing_lines(ongoing_moves(cluster)))


_ACTIONS = {
    "generate": _generate,
    "execute": _execute,
    "verify": _verify,
    "cancel": _cancel,
    "list": _list,
}


def _refusals(refused: Mapping[TopicPartition, ApiError]) -> str:
    return "\n".join(f"{each}: {message_of(refused[each])}" for each in sorted(refused))


def _plural(values: Sequence[object] | Mapping[TopicPartition, object] | Mapping[Replica, object]) -> str:
    return "" if len(values) == 1 else "s"
