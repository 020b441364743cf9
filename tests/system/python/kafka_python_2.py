"""kafka-python 2, in a virtual environment of its own: one behaviour a run, its facts as a line of JSON."""

from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic
from kafka_python_shared import (
    BEHAVIOURS,
    admin_client,
    assignor,
    create,
    leave_a_group,
    name,
    partition,
    refusal,
    show,
    soon,
)


def described(group):
    """Return the protocol, the state and the number of members of a group."""
    with admin_client() as admin:
        (answer,) = admin.describe_consumer_groups([group])
    return answer.protocol, answer.state, len(answer.members)


def topics():
    create(name, partitions=2)
    with admin_client() as admin:

        def partitions():
            return len(admin.describe_topics([name])[0]["partitions"])

        counts, listed = [partitions()], [name in admin.list_topics()]
        again = refusal(admin.create_topics, [NewTopic(name, 2, 1)])
        admin.create_partitions({name: NewPartitions(4)})
        counts.append(soon(partitions, 4))
        fewer = refusal(admin.create_partitions, {name: NewPartitions(1)})
        admin.delete_topics([name])
        listed.append(soon(lambda: name in admin.list_topics(), False))
        deleted_again = refusal(admin.delete_topics, [name])
    facts = {"partitions": counts, "again": again, "fewer": fewer, "listed": listed}
    return {**facts, "deleted_again": deleted_again}


def configs():
    create(name, configs={"retention.ms": "60000"})
    with admin_client() as admin:

        def described():
            (answer,) = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
            entries = {entry[0]: entry[1] for entry in answer.resources[0][4]}
            return [entries["retention.ms"], entries["segment.ms"]]

        def alter(**changes):
            wanted = {key.replace("_", "."): value for key, value in changes.items()}
            answer = admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, wanted)])
            return answer.resources[0][0]

        created = described()
        assert alter(retention_ms="60000", segment_ms="2000000") == 0
        return {
            "created": created,
            "altered": soon(described, ["60000", "2000000"]),
            "invalid": alter(retention_ms="soon"),
        }


def groups():
    leave_a_group()
    with admin_client() as admin:

        def listed():
            return name in [group for group, *_ in admin.list_consumer_groups()]

        facts = {"listed": [listed()], "state": admin.describe_consumer_groups([name])[0].state}
        facts["offset"] = admin.list_consumer_group_offsets(name)[partition].offset
        ((_, error),) = admin.delete_consumer_groups([name])
        assert error.errno == 0
        facts["listed"].append(listed())
        ((_, error),) = admin.delete_consumer_groups([name])
        return {**facts, "deleted_again": error.errno}


def cluster():
    with admin_client() as admin:
        described = admin.describe_cluster()
    nodes = [broker["node_id"] for broker in described["brokers"]]
    length = len(described["cluster_id"])
    return {"nodes": nodes, "controller": described["controller_id"], "cluster_id_length": length}


show(
    {
        **BEHAVIOURS,
        "assignor": lambda: assignor(described),
        "topics": topics,
        "configs": configs,
        "groups": groups,
        "cluster": cluster,
    }
)
