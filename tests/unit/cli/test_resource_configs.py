from typing import Any

import pytest
from tests.unit.cli.scripted_cluster import ScriptedCluster

from ottla.cli.resource_configs import (
    DELETE,
    SET,
    Alteration,
    ResourceType,
    alter_configs,
    describe_configs,
    list_config_resources,
)
from ottla.client.failures import ApiError
from ottla.errors import ErrorCode
from ottla.protocol.messages.describe_configs import (
    DescribeConfigsResourceResult,
    DescribeConfigsResponse,
    DescribeConfigsResult,
    DescribeConfigsSynonym,
)
from ottla.protocol.messages.incremental_alter_configs import (
    AlterConfigsResourceResponse,
    IncrementalAlterConfigsResponse,
)
from ottla.protocol.messages.list_config_resources import ConfigResource, ListConfigResourcesResponse


class _Asked:
    """Keeps who was asked what, and gives one answer."""

    def __init__(self, response: Any) -> None:
        self.response = response
        self.requests: list[tuple[int, Any]] = []

    def __call__(self, node_id: int, request: Any) -> Any:
        self.requests.append((node_id, request))
        return self.response


def _described(name: str, error_code: int = 0) -> DescribeConfigsResponse:
    entry = DescribeConfigsResourceResult(
        name="a",
        value="1",
        config_source=2,
        synonyms=[DescribeConfigsSynonym(name="b", value=None, source=99)],
    )
    result = DescribeConfigsResult(
        error_code=error_code, error_message="words", resource_type=4, resource_name=name, configs=[entry]
    )
    return DescribeConfigsResponse(results=[result])


ALTERED = IncrementalAlterConfigsResponse(
    responses=[AlterConfigsResourceResponse(error_code=0, resource_type=4, resource_name="2")]
)


@pytest.mark.parametrize(
    ("resource_type", "name", "node_id"),
    [
        (ResourceType.TOPIC, "t", -1),
        (ResourceType.BROKER, "2", 2),
        (ResourceType.BROKER, "", -1),
        (ResourceType.BROKER_LOGGER, "2", 2),
        (ResourceType.GROUP, "g", -1),
    ],
)
def test_a_broker_is_asked_itself_and_everything_else_of_any(
    resource_type: ResourceType, name: str, node_id: int
) -> None:
    asked = _Asked(_described(name))
    (entry,) = describe_configs(ScriptedCluster(asked), resource_type, [name])[name]
    assert asked.requests[0][0] == node_id
    assert (entry.source, entry.synonyms[0].source) == ("DYNAMIC_BROKER_CONFIG", "UNKNOWN")
    asked = _Asked(ALTERED)
    alter_configs(ScriptedCluster(asked), resource_type, {name: [Alteration(SET, "a", "1")]})
    assert asked.requests[0][0] == node_id


def test_brokers_are_changed_one_by_one_and_topics_together() -> None:
    asked = _Asked(ALTERED)
    alteration = [Alteration(SET, "a", "1")]
    alter_configs(ScriptedCluster(asked), ResourceType.BROKER, dict.fromkeys(["1", "2"], alteration))
    alter_configs(ScriptedCluster(asked), ResourceType.TOPIC, dict.fromkeys(["s", "t"], alteration))
    names = [
        (node_id, [each.resource_name for each in request.resources]) for node_id, request in asked.requests
    ]
    assert names == [(1, ["1"]), (2, ["2"]), (-1, ["s", "t"])]


def test_controllers_change_brokers_themselves() -> None:
    asked = _Asked(ALTERED)
    cluster = ScriptedCluster(asked, are_controllers=True)
    alter_configs(cluster, ResourceType.BROKER, {"2": [Alteration(DELETE, "a", "")]})
    assert asked.requests[0][0] == 1
    (config,) = asked.requests[0][1].resources[0].configs
    assert (config.name, config.config_operation, config.value) == ("a", 1, "")


def test_errors_of_a_resource_are_raised_with_their_words() -> None:
    refusing = ScriptedCluster(_Asked(_described("t", ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)))
    with pytest.raises(ApiError, match="words"):
        describe_configs(refusing, ResourceType.TOPIC, ["t"])
    with pytest.raises(ApiError, match="did not contain a result for config resource other"):
        describe_configs(ScriptedCluster(_Asked(_described("t"))), ResourceType.TOPIC, ["other"])
    refused = IncrementalAlterConfigsResponse(
        responses=[
            AlterConfigsResourceResponse(
                error_code=40, error_message="no", resource_type=2, resource_name="t"
            )
        ]
    )
    with pytest.raises(ApiError, match="no"):
        alter_configs(ScriptedCluster(_Asked(refused)), ResourceType.TOPIC, {"t": []})


def test_nothing_is_asked_about_nothing() -> None:
    asked = _Asked(None)
    assert describe_configs(ScriptedCluster(asked), ResourceType.TOPIC, []) == {}
    assert asked.requests == []


def test_resources_are_listed_as_the_broker_names_them() -> None:
    response = ListConfigResourcesResponse(
        config_resources=[ConfigResource(resource_name=name, resource_type=16) for name in ("b", "a")]
    )
    assert list_config_resources(ScriptedCluster(_Asked(response)), ResourceType.CLIENT_METRICS) == ["b", "a"]
