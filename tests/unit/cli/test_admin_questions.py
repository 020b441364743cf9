import pytest
from tests.unit.cli.scripted_cluster import ScriptedCluster

from ottla.cli.admin_access import ask_broker_or_controller
from ottla.cli.admin_questions import (
    ask_any_broker,
    ask_controller,
    ask_node,
    raised_by_futures,
)
from ottla.cli.java_failures import CausedError
from ottla.client.failures import ApiError, RequestTimeoutError
from ottla.errors import ErrorCode


def _cluster(*, are_controllers: bool = False, timeout_ms: int = 5_000) -> ScriptedCluster:
    return ScriptedCluster(lambda node_id, _: node_id, timeout_ms=timeout_ms, are_controllers=are_controllers)


def test_each_kind_of_question_goes_to_its_node() -> None:
    assert ask_any_broker(_cluster(), object(), "a") == -1
    assert ask_broker_or_controller(_cluster(), object(), "a") == -1
    assert ask_broker_or_controller(_cluster(are_controllers=True), object(), "a") == 1
    assert ask_controller(_cluster(), object(), "a") == 1
    assert ask_controller(_cluster(are_controllers=True), object(), "a", works_with_controllers=True) == 1
    assert ask_node(_cluster(), 2, object(), "a") == 2


def test_controllers_do_not_answer_everything() -> None:
    cluster = _cluster(are_controllers=True)
    for ask in (ask_any_broker, ask_controller):
        with pytest.raises(ApiError) as caught:
            ask(cluster, object(), "a")
        assert caught.value.java_text() == (
            "org.apache.kafka.common.errors.UnsupportedEndpointTypeException: This Admin API is not yet supported when "
            "communicating directly with the controller quorum."
        )


def test_a_node_that_never_comes_is_waited_for() -> None:
    with pytest.raises(RequestTimeoutError, match=r"^Timed out waiting for a node assignment. Call: a$"):
        ask_node(_cluster(timeout_ms=20), 9, object(), "a")


def test_tools_that_do_not_unpack_a_failure_show_what_a_future_makes_of_it() -> None:
    with pytest.raises(CausedError) as caught, raised_by_futures():
        raise ApiError(ErrorCode.INVALID_REQUEST, "words")
    assert caught.value.message == "org.apache.kafka.common.errors.InvalidRequestException: words"
