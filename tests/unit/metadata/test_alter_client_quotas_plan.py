import pytest
from tests.unit.metadata.clusters import cluster

from ottla.errors import ErrorCode, KafkaError
from ottla.metadata.alter_client_quotas_plan import (
    AlterClientQuotasPlan,
    host_names,
    plan_alter_client_quotas,
)
from ottla.metadata.image import ClusterImage, apply_records
from ottla.metadata.records import ClientQuotaRecord
from ottla.metadata.records import EntityData as RecordEntityData
from ottla.protocol.messages.alter_client_quotas import EntityData, EntryData, EntryResult, OpData

IMAGE = cluster({})
USER = ("user", "u")
CLIENT = ("client-id", "c")
RATE = "producer_byte_rate"

Part = tuple[str, str | None]


def entry(parts: list[Part], *ops: tuple[str, float | None]) -> EntryData:
    """An alteration; a value of None removes the quota."""
    return EntryData(
        entity=[EntityData(entity_type=entity_type, entity_name=name) for entity_type, name in parts],
        ops=[OpData(key=key, value=value or 0.0, remove=value is None) for key, value in ops],
    )


def record(parts: list[Part], key: str, value: float = 0.0, *, remove: bool = False) -> ClientQuotaRecord:
    entity = [RecordEntityData(entity_type=entity_type, entity_name=name) for entity_type, name in parts]
    return ClientQuotaRecord(entity=entity, key=key, value=value, remove=remove)


def plan(
    *entries: EntryData,
    image: ClusterImage = IMAGE,
    unknown_hosts: frozenset[str] = frozenset(),
    validate_only: bool = False,
) -> AlterClientQuotasPlan:
    return plan_alter_client_quotas(image, list(entries), unknown_hosts, validate_only=validate_only)


def refusal(*entries: EntryData, unknown_hosts: frozenset[str] = frozenset()) -> EntryResult:
    """The answer to entries of one entity that must not change anything."""
    planned = plan(*entries, unknown_hosts=unknown_hosts)
    (result,) = planned.results
    assert planned.records == []
    assert result.error_code == ErrorCode.INVALID_REQUEST
    return result


@pytest.mark.parametrize(
    ("parts", "key"),
    [
        ([USER], RATE),
        ([("user", None)], "consumer_byte_rate"),
        ([CLIENT], "request_percentage"),
        ([("client-id", None)], "controller_mutation_rate"),
        ([("client-id", "c"), ("user", "u")], RATE),
        ([("client-id", None), ("user", None)], RATE),
        ([("ip", "127.0.0.1")], "connection_creation_rate"),
        ([("ip", None)], "connection_creation_rate"),
    ],
)
def test_every_kind_of_entity_can_have_its_quotas(parts: list[Part], key: str) -> None:
    planned = plan(entry(parts, (key, 5.0)))
    assert planned.records == [record(parts, key, 5.0)]
    assert [(each.error_code, each.error_message) for each in planned.results] == [(0, None)]


def test_only_what_changes_is_written() -> None:
    image, _ = apply_records(IMAGE, [record([USER], RATE, 7.0), record([USER], "request_percentage", 1.5)])
    ops = [(RATE, 7.0), ("request_percentage", None), ("consumer_byte_rate", None)]
    planned = plan(entry([USER], *ops), image=image)
    assert planned.records == [record([USER], "request_percentage", remove=True)]


def test_the_quotas_of_one_entity_say_nothing_about_another() -> None:
    image, _ = apply_records(IMAGE, [record([USER], RATE, 7.0)])
    parts: list[Part] = [CLIENT, USER]
    assert plan(entry([USER, CLIENT], (RATE, 7.0)), image=image).records == [record(parts, RATE, 7.0)]


def test_a_dry_run_writes_nothing() -> None:
    planned = plan(entry([USER], (RATE, 7.0)), validate_only=True)
    assert planned.records == []
    assert [each.error_code for each in planned.results] == [ErrorCode.NONE]


def test_an_entity_without_changes_is_no_error() -> None:
    planned = plan(entry([USER]))
    assert planned.records == []
    assert [each.error_code for each in planned.results] == [ErrorCode.NONE]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([], "Invalid empty client quota entity"),
        ([("team", "t")], "Unhandled client quota entity type: team"),
        ([("", "t")], "Unhandled client quota entity type: "),
        ([("user", "")], "Empty user not supported"),
        ([("client-id", "")], "Empty client-id not supported"),
        ([("ip", "")], "Empty ip not supported"),
        (
            [("ip", "127.0.0.1"), USER],
            "Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId",
        ),
        (
            [("ip", None), CLIENT],
            "Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId",
        ),
        ([("ip", "nowhere")], "nowhere is not a valid IP or resolvable host."),
    ],
)
def test_entities_that_are_refused(parts: list[Part], message: str) -> None:
    result = refusal(entry(parts, (RATE, 1.0)), unknown_hosts=frozenset({"nowhere", ""}))
    assert result.error_message == message
    assert {(part.entity_type, part.entity_name) for part in result.entity} == set(parts)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("no_such_rate", 1.0, "Invalid configuration key no_such_rate"),
        ("connection_creation_rate", 1.0, "Invalid configuration key connection_creation_rate"),
        ("SCRAM-SHA-256", 1.0, "Invalid configuration key SCRAM-SHA-256"),
        (RATE, 0.0, "Quota producer_byte_rate must be greater than 0"),
        ("request_percentage", -1.0, "Quota request_percentage must be greater than 0"),
        (RATE, 2.0**63 * 1.001, "Proposed value for producer_byte_rate is too large for a LONG."),
        (RATE, float("inf"), "Proposed value for producer_byte_rate is too large for a LONG."),
        (RATE, 1.5, "producer_byte_rate cannot be a fractional value."),
        (RATE, 1.00001, "producer_byte_rate cannot be a fractional value."),
    ],
)
def test_quotas_of_users_that_are_refused(key: str, value: float, message: str) -> None:
    assert refusal(entry([USER], (key, value))).error_message == message


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (RATE, 1.0, "Invalid configuration key producer_byte_rate"),
        (
            "connection_creation_rate",
            2.0**31,
            "Proposed value for connection_creation_rate is too large for an INT.",
        ),
        ("connection_creation_rate", 0.5, "connection_creation_rate cannot be a fractional value."),
    ],
)
def test_quotas_of_addresses_that_are_refused(key: str, value: float, message: str) -> None:
    assert refusal(entry([("ip", None)], (key, value))).error_message == message


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (RATE, 2.0**63),
        (RATE, 1234.0000001),
        ("request_percentage", 0.000001),
        ("request_percentage", float("inf")),
    ],
)
def test_values_at_the_edge_are_taken(key: str, value: float) -> None:
    assert plan(entry([USER], (key, value))).records == [record([USER], key, value)]


def test_one_bad_quota_refuses_all_of_its_entity_and_no_other() -> None:
    planned = plan(entry([USER], (RATE, 1.0), ("consumer_byte_rate", -1.0)), entry([CLIENT], (RATE, 2.0)))
    assert planned.records == [record([CLIENT], RATE, 2.0)]
    assert [each.error_code for each in planned.results] == [ErrorCode.INVALID_REQUEST, ErrorCode.NONE]


def test_of_two_bad_quotas_the_one_is_told_that_kafka_meets_first() -> None:
    result = refusal(entry([USER], (RATE, -1.0), ("consumer_byte_rate", -1.0)))
    assert result.error_message == "Quota consumer_byte_rate must be greater than 0"


def test_an_entity_that_is_named_again_keeps_what_came_first() -> None:
    planned = plan(entry([USER, CLIENT], (RATE, 1.0)), entry([CLIENT, USER], (RATE, 2.0)))
    assert planned.records == [record([CLIENT, USER], RATE, 1.0)]
    (result,) = planned.results
    assert (result.error_code, result.error_message) == (
        ErrorCode.INVALID_REQUEST,
        "Ignoring duplicate entity ClientQuotaEntity(entries={client-id=c, user=u})",
    )


def test_a_quota_that_is_named_twice_is_told_as_an_entity_that_is() -> None:
    result = refusal(entry([("user", None)], (RATE, 1.0), (RATE, 2.0)))
    assert result.error_message == "Ignoring duplicate entity ClientQuotaEntity(entries={user=null})"


def test_of_parts_of_one_type_the_last_counts() -> None:
    assert plan(entry([("user", "a"), USER], (RATE, 1.0))).records == [record([USER], RATE, 1.0)]


def test_too_many_changes_are_refused_together() -> None:
    entries = [entry([("user", str(number))], (RATE, 1.0)) for number in range(10_001)]
    assert len(plan(*entries[:10_000]).records) == 10_000
    with pytest.raises(KafkaError) as refused:
        plan(*entries)
    assert refused.value.code is ErrorCode.POLICY_VIOLATION


def test_names_are_asked_for_only_where_the_plan_asks() -> None:
    entries = [
        entry([("ip", "a")]),
        entry([("ip", None)]),
        entry([("ip", "")]),
        entry([USER]),
        entry([("ip", "b"), USER]),
    ]
    assert host_names(entries) == {"a"}
