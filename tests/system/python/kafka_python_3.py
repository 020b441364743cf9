"""kafka-python 3: one behaviour a run, its facts as a line of JSON."""

import re

from kafka import OffsetAndMetadata, errors
from kafka.admin import ConfigResource
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka_python_shared import (
    ASSIGNORS,
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
        answer = admin.describe_groups([group])[group]
    return answer["protocol_data"], answer["group_state"], len(answer["members"])


def topics():
    with admin_client() as admin:

        def partitions():
            return len(admin.describe_topics([name])[0]["partitions"])

        two_partitions = {name: {"num_partitions": 2, "replication_factor": 1}}
        admin.create_topics(two_partitions, wait_for_metadata=True)
        counts, listed = [partitions()], [name in admin.list_topics()]
        again = refusal(admin.create_topics, two_partitions)
        admin.create_partitions({name: 4})
        counts.append(soon(partitions, 4))
        fewer = refusal(admin.create_partitions, {name: 1})
        admin.delete_topics([name])
        listed.append(soon(lambda: name in admin.list_topics(), False))
        deleted_again = refusal(admin.delete_topics, [name])
    facts = {"partitions": counts, "again": again, "fewer": fewer, "listed": listed}
    return {**facts, "deleted_again": deleted_again}


def configs():
    create(name, configs={"retention.ms": "60000"})
    with admin_client() as admin:

        def configs():
            answer = admin.describe_configs([ConfigResource("TOPIC", name)], config_filter="all")
            entries = answer["topic"][name]
            return [entries["retention.ms"]["value"], entries["segment.ms"]["value"]]

        def alter(option, value):
            """Return the number of the error, which is known by its text alone."""
            answer = admin.alter_configs([ConfigResource("TOPIC", name, {option: value})])["topic"][name]
            return 0 if answer == "OK" else int(re.match(r"\[Error (\d+)\]", answer)[1])

        created = configs()
        assert alter("segment.ms", "2000000") == 0
        return {
            "created": created,
            "altered": soon(configs, ["60000", "2000000"]),
            "invalid": alter("retention.ms", "soon"),
        }


def groups():
    leave_a_group()
    with admin_client() as admin:

        def listed():
            return name in [group["group_id"] for group in admin.list_groups()]

        def delete():
            """Return the number of the error, which is known by its name alone."""
            answer = admin.delete_groups([name])[name]
            return 0 if answer == "OK" else getattr(errors, answer).errno

        facts = {"listed": [listed()], "state": described(name)[1]}
        facts["offset"] = admin.list_group_offsets(name)[name][partition].offset
        assert delete() == 0
        facts["listed"].append(listed())
        return {**facts, "deleted_again": delete()}


def offsets():
    leave_a_group()
    with admin_client() as admin:

        def committed():
            return admin.list_group_offsets(name)[name]

        admin.alter_group_offsets(name, {partition: OffsetAndMetadata(1, "moved", -1)})
        altered = committed()[partition]
        admin.delete_group_offsets(name, [partition])
        return {"altered": [altered.offset, altered.metadata], "left": len(committed())}


def cluster():
    with admin_client() as admin:
        described = admin.describe_cluster()
    nodes = [broker["broker_id"] for broker in described["brokers"]]
    length = len(described["cluster_id"])
    return {"nodes": nodes, "controller": described["controller_id"], "cluster_id_length": length}


show(
    {
        **BEHAVIOURS,
        "assignor": lambda: assignor(
            described, ASSIGNORS | {"cooperative-sticky": CooperativeStickyAssignor}
        ),
        "topics": topics,
        "configs": configs,
        "groups": groups,
        "offsets": offsets,
        "cluster": cluster,
    }
)
