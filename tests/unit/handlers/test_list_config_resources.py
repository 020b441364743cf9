import pytest
from tests.unit.handlers.support import LISTENER, cluster_records, context_of, image_of

from ottla.errors import ErrorCode
from ottla.handlers.list_config_resources import handle
from ottla.metadata.aspects.configs import ResourceType
from ottla.metadata.records import ConfigRecord, FenceBrokerRecord
from ottla.protocol.messages.list_config_resources import ListConfigResourcesRequest

SETTINGS = [
    ConfigRecord(
        resource_type=ResourceType.GROUP,
        resource_name="g",
        name="share.isolation.level",
        value="read_committed",
    ),
    ConfigRecord(
        resource_type=ResourceType.CLIENT_METRICS, resource_name="s", name="interval.ms", value="100"
    ),
    ConfigRecord(resource_type=ResourceType.BROKER, resource_name="", name="log.roll.ms", value="1"),
]
EVERYTHING = [
    (ResourceType.GROUP, "g"),
    (ResourceType.CLIENT_METRICS, "s"),
    (ResourceType.BROKER_LOGGER, "1"),
    (ResourceType.BROKER, "1"),
    (ResourceType.TOPIC, "orders"),
]


def ask(
    *kinds: int, version: int = 1, listener_name: str = LISTENER, is_fenced: bool = False
) -> tuple[int, list[tuple[int, str]]]:
    records = [*cluster_records(), *SETTINGS]
    if is_fenced:
        records.append(FenceBrokerRecord(id=1, epoch=5))
    context = context_of(image_of(records), version, listener_name=listener_name)
    response = handle(ListConfigResourcesRequest(resource_types=list(kinds)), context)
    found = [(each.resource_type, each.resource_name) for each in response.config_resources]
    return response.error_code, found


def test_all_kinds_are_listed_when_none_is_named() -> None:
    assert ask() == (ErrorCode.NONE, EVERYTHING)


def test_the_kinds_that_are_named_are_listed_in_kafkas_order() -> None:
    wanted = (ResourceType.TOPIC, ResourceType.GROUP)
    assert ask(*wanted) == (ErrorCode.NONE, [each for each in EVERYTHING if each[0] in wanted])


def test_the_first_version_lists_subscriptions_alone() -> None:
    assert ask(version=0) == (ErrorCode.NONE, [(ResourceType.CLIENT_METRICS, "s")])


@pytest.mark.parametrize("kind", [0, 1, 3, 64, -1])
def test_an_unknown_kind_fails_the_request(kind: int) -> None:
    assert ask(ResourceType.TOPIC, kind) == (ErrorCode.UNSUPPORTED_VERSION, [])


def test_only_brokers_that_the_client_can_reach_are_listed() -> None:
    kinds = (ResourceType.BROKER, ResourceType.BROKER_LOGGER)
    assert ask(*kinds, listener_name="OTHER") == (ErrorCode.NONE, [])
    assert ask(*kinds, is_fenced=True) == (ErrorCode.NONE, [])
