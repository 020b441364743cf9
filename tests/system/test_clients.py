"""Each client finds what it expects of a broker by its own ways: a process for each, one JVM for the Java clients."""

from functools import cache

import pytest

from tests.support.broker_process import RunningBroker
from tests.system.clients.expectations import check_disk, expected_facts
from tests.system.clients.pins import pinned_version
from tests.system.clients.programs import JavaProgram, Program, ready_program
from tests.system.clients.table import CLIENTS, NEEDED_APIS, Client
from tests.system.conftest import RequireApi

# Records from the past are sent, which retention would take away.
BROKER_PROPERTIES = {"log.retention.ms": "-1"}

CASES = [
    pytest.param(
        client,
        behaviour,
        variant,
        id=f"{client.name}-{behaviour}-{variant}".rstrip("-"),
        marks=[pytest.mark.java] if client.language == "Java" else [],
    )
    for client in CLIENTS
    for behaviour, variants in client.behaviours.items()
    for variant in variants
]


@pytest.fixture(scope="module")
def program_of(request: pytest.FixtureRequest):
    """Give a function that returns the program of a client, which is made ready once."""

    @cache
    def program(client: str) -> Program | JavaProgram:
        if client == "Java client":
            return JavaProgram(request.getfixturevalue("kafka_tools"), "JavaClient")
        return ready_program(client)

    return program


@pytest.mark.parametrize(("client", "behaviour", "variant"), CASES)
def test_a_client_finds_what_it_expects(
    broker: RunningBroker,
    require_api: RequireApi,
    program_of,
    client: Client,
    behaviour: str,
    variant: str,
    name: str,
) -> None:
    if behaviour in NEEDED_APIS:
        require_api(NEEDED_APIS[behaviour])
    program: Program | JavaProgram = program_of(client.name)
    printed = program.run(behaviour, variant, broker.bootstrap, name)

    assert printed["version"] == pinned_version(client.name)
    assert printed["facts"] == expected_facts(client, behaviour, variant, broker.kind)
    check_disk(behaviour, variant, broker.data_dir, name)
