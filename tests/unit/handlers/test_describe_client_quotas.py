from __future__ import annotations

import pytest
from tests.unit.handlers.support import cluster_records, context_of, image_of

from ottla.errors import ErrorCode, KafkaError
from ottla.handlers.describe_client_quotas import handle
from ottla.metadata.records import ClientQuotaRecord
from ottla.metadata.records import EntityData as RecordEntityData
from ottla.protocol.messages.describe_client_quotas import ComponentData, DescribeClientQuotasRequest

EXACT, DEFAULT, SPECIFIED = 0, 1, 2
ENTITIES: dict[str, list[tuple[str, str | None]]] = {
    "u": [("user", "u")],
    "v": [("user", "v")],
    "any user": [("user", None)],
    "c": [("client-id", "c")],
    "u+c": [("user", "u"), ("client-id", "c")],
    "u+any client": [("user", "u"), ("client-id", None)],
    "here": [("ip", "127.0.0.1")],
    "any address": [("ip", None)],
}


def quotas() -> list[ClientQuotaRecord]:
    """Each entity has the number of its place as the value of its quota."""
    return [
        ClientQuotaRecord(
            entity=[RecordEntityData(entity_type=part, entity_name=name) for part, name in parts],
            key="request_percentage",
            value=float(number),
        )
        for number, parts in enumerate(ENTITIES.values(), start=1)
    ]


def described(*components: tuple[str, int, str | None], strict: bool = False) -> set[str]:
    """Ask with a filter and return the names of the entities that fit."""
    request = DescribeClientQuotasRequest(
        components=[
            ComponentData(entity_type=entity_type, match_type=match_type, match=match)
            for entity_type, match_type, match in components
        ],
        strict=strict,
    )
    answer = handle(request, context_of(image_of([*cluster_records(), *quotas()]), 1))
    assert (answer.error_code, answer.error_message) == (0, "")
    found = set()
    for entry in answer.entries or []:
        (value,) = entry.values
        name = list(ENTITIES)[int(value.value) - 1]
        assert value.key == "request_percentage"
        assert {(part.entity_type, part.entity_name) for part in entry.entity} == set(ENTITIES[name])
        found.add(name)
    return found


def test_a_filter_without_components_fits_every_entity_and_strictly_none() -> None:
    assert described() == set(ENTITIES)
    assert described(strict=True) == set()


@pytest.mark.parametrize(
    ("components", "loose", "strict"),
    [
        ([("user", EXACT, "u")], {"u", "u+c", "u+any client"}, {"u"}),
        ([("user", EXACT, "w")], set(), set()),
        ([("user", EXACT, "")], set(), set()),
        ([("user", DEFAULT, None)], {"any user"}, {"any user"}),
        ([("user", SPECIFIED, None)], {"u", "v", "any user", "u+c", "u+any client"}, {"u", "v", "any user"}),
        ([("client-id", EXACT, "c")], {"c", "u+c"}, {"c"}),
        ([("client-id", DEFAULT, None)], {"u+any client"}, set()),
        ([("user", EXACT, "u"), ("client-id", EXACT, "c")], {"u+c"}, {"u+c"}),
        (
            [("user", EXACT, "u"), ("client-id", SPECIFIED, None)],
            {"u+c", "u+any client"},
            {"u+c", "u+any client"},
        ),
        (
            [("user", SPECIFIED, None), ("client-id", SPECIFIED, None)],
            {"u+c", "u+any client"},
            {"u+c", "u+any client"},
        ),
        ([("ip", EXACT, "127.0.0.1")], {"here"}, {"here"}),
        ([("ip", DEFAULT, None)], {"any address"}, {"any address"}),
        ([("ip", SPECIFIED, None)], {"here", "any address"}, {"here", "any address"}),
    ],
)
def test_what_a_filter_fits(
    components: list[tuple[str, int, str | None]], loose: set[str], strict: set[str]
) -> None:
    assert described(*components) == loose
    assert described(*components, strict=True) == strict


@pytest.mark.parametrize(
    ("components", "code", "message"),
    [
        ([("", EXACT, "u")], ErrorCode.INVALID_REQUEST, "Invalid empty entity type."),
        (
            [("user", EXACT, "u"), ("user", DEFAULT, None)],
            ErrorCode.INVALID_REQUEST,
            "Entity type user cannot appear more than once in the filter.",
        ),
        (
            [("user", SPECIFIED, None), ("user", SPECIFIED, None)],
            ErrorCode.INVALID_REQUEST,
            "Entity type user cannot appear more than once in the filter.",
        ),
        ([("team", EXACT, "u")], ErrorCode.UNSUPPORTED_VERSION, "Unsupported entity type team"),
        (
            [("user", EXACT, None)],
            ErrorCode.INVALID_REQUEST,
            "Request specified MATCH_TYPE_EXACT, but set match string to null.",
        ),
        (
            [("user", DEFAULT, "u")],
            ErrorCode.INVALID_REQUEST,
            "Request specified MATCH_TYPE_DEFAULT, but also specified a match string.",
        ),
        (
            [("user", SPECIFIED, "")],
            ErrorCode.INVALID_REQUEST,
            "Request specified MATCH_TYPE_SPECIFIED, but also specified a match string.",
        ),
        ([("user", 3, None)], ErrorCode.INVALID_REQUEST, "Unknown match type 3"),
        ([("user", -1, None)], ErrorCode.INVALID_REQUEST, "Unknown match type -1"),
        (
            [("ip", DEFAULT, None), ("client-id", EXACT, "c")],
            ErrorCode.INVALID_REQUEST,
            (
                "Invalid entity filter component combination. IP filter component should not be used with "
                "user or clientId filter component."
            ),
        ),
    ],
)
def test_filters_that_are_refused(
    components: list[tuple[str, int, str | None]], code: ErrorCode, message: str
) -> None:
    with pytest.raises(KafkaError) as refused:
        described(*components)
    assert (refused.value.code, refused.value.message) == (code, message)
