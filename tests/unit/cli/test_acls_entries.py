import shlex

import pytest

from ottla.cli.acls import OPTIONS
from ottla.cli.acls_entries import (
    OPERATIONS,
    Entries,
    entries_by_resource,
    entries_to_add,
    parse_operation,
    parse_principal,
    resources,
)
from ottla.cli.failures import ToolError, UsageError
from ottla.cli.jopt import Parsed, parse


def parsed(line: str) -> Parsed:
    return parse(OPTIONS, shlex.split(line))


def shown(entries: Entries) -> list[tuple[str, list[str]]]:
    return [
        (
            f"{each.type} {each.name} {each.pattern_type}",
            [f"{it.permission_type} {it.principal} {it.operation} from {it.host}" for it in found],
        )
        for each, found in entries.items()
    ]


def test_operations_are_named_as_in_kafkas_files_in_any_case() -> None:
    assert [parse_operation(text) for text in ("Read", "ALL", "describeconfigs", "TwoPhaseCommit")] == [
        "READ",
        "ALL",
        "DESCRIBE_CONFIGS",
        "TWO_PHASE_COMMIT",
    ]
    assert parse_operation("Fly") == parse_operation("describe_configs") == "UNKNOWN"
    assert OPERATIONS.index("IDEMPOTENT_WRITE") == 12


def test_a_principal_has_a_type() -> None:
    assert parse_principal("User:a:b") == "User:a:b"
    with pytest.raises(
        ToolError, match="expected a string in format principalType:principalName but got alice"
    ):
        parse_principal("alice")


def test_entries_are_combined_from_principals_hosts_and_operations() -> None:
    line = "--topic t --operation Read --operation write --allow-principal User:a --allow-host h"
    line += " --deny-principal User:b"
    assert shown(entries_to_add(parsed(line))) == [
        (
            "TOPIC t LITERAL",
            [
                "ALLOW User:a READ from h",
                "ALLOW User:a WRITE from h",
                "DENY User:b READ from *",
                "DENY User:b WRITE from *",
            ],
        )
    ]


def test_a_producer_needs_its_topics_its_transactional_ids_and_the_cluster() -> None:
    line = "--producer --idempotent --topic t --transactional-id x --group g --allow-principal User:a"
    assert shown(entries_to_add(parsed(line))) == [
        (
            "TOPIC t LITERAL",
            [f"ALLOW User:a {operation} from *" for operation in ("WRITE", "DESCRIBE", "CREATE")],
        ),
        (
            "TRANSACTIONAL_ID x LITERAL",
            [f"ALLOW User:a {operation} from *" for operation in ("WRITE", "DESCRIBE")],
        ),
        ("CLUSTER kafka-cluster LITERAL", ["ALLOW User:a IDEMPOTENT_WRITE from *"]),
    ]


def test_producer_and_consumer_add_up() -> None:
    line = (
        "--producer --consumer --topic t --group g --allow-principal User:a --resource-pattern-type prefixed"
    )
    operations = ("WRITE", "DESCRIBE", "CREATE", "READ")
    assert shown(entries_to_add(parsed(line))) == [
        ("TOPIC t PREFIXED", [f"ALLOW User:a {operation} from *" for operation in operations]),
        ("GROUP g PREFIXED", ["ALLOW User:a READ from *"]),
    ]


def test_resources_of_every_type_are_named() -> None:
    line = (
        "--topic ' t ' --cluster --group g --transactional-id x --delegation-token d --user-principal User:u"
    )
    found = [each.type for each in resources(parsed(line), is_needed=True)]
    assert found == ["TOPIC", "CLUSTER", "GROUP", "TRANSACTIONAL_ID", "DELEGATION_TOKEN", "USER"]
    assert str(resources(parsed("--topic t --resource-pattern-type match"), is_needed=True)[0]) == (
        "ResourcePattern(resourceType=TOPIC, name=t, patternType=MATCH)"
    )


def test_acls_without_principals_stand_for_all_of_a_resource() -> None:
    assert shown(entries_by_resource(parsed("--topic t --resource-pattern-type any"))) == [
        ("TOPIC t ANY", [])
    ]
    assert resources(parsed("--list"), is_needed=False) == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "--topic t",
            "You must specify one of: --allow-principal, --deny-principal when trying to add ACLs.",
        ),
        ("--allow-principal User:a", "You must provide at least one resource: "),
        (
            "--topic t --allow-principal User:a --resource-pattern-type match",
            "A '--resource-pattern-type' value of 'MATCH' is not valid when adding acls.",
        ),
        (
            "--topic t --allow-principal User:a --operation ClusterAction",
            "ResourceType TOPIC only supports operations [",
        ),
        (
            "--group t --allow-principal User:a --operation Fly",
            "ResourceType GROUP only supports operations [",
        ),
    ],
)
def test_what_cannot_be_added_is_refused(line: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        entries_to_add(parsed(line))
    assert caught.value.text.startswith(words)


def test_any_is_no_operation_of_an_entry() -> None:
    with pytest.raises(ToolError, match="operation must not be ANY"):
        entries_to_add(parsed("--topic t --allow-principal User:a --operation any"))
