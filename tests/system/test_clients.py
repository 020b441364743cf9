"""Each client finds what it expects of a broker, in its own process and by its own ways."""

from functools import cache

import pytest

from tests.support.broker_process import RunningBroker
from tests.system.clients.expectations import check_disk, expected_facts
from tests.system.clients.pins import pinned_version
from tests.system.clients.programs import Program, ready_program
from tests.system.clients.table import CLIENTS, Client

# Records from the past are sent, which retention would take away.
BROKER_PROPERTIES = {"log.retention.ms": "-1"}

CASES = [
    pytest.param(client, behaviour, variant, id=f"{client.name}-{behaviour}-{variant}".rstrip("-"))
    for client in CLIENTS
    for behaviour, variants in client.behaviours.items()
    for variant in variants
]


@pytest.fixture(scope="module")
def program_of():
    """Give a function that returns the program of a client, which is made ready once."""
    return cache(ready_program)


@pytest.mark.parametrize(("client", "behaviour", "variant"), CASES)
def test_a_client_finds_what_it_expects(
    broker: RunningBroker, program_of, client: Client, behaviour: str, variant: str, name: str
) -> None:
    program: Program = program_of(client.name)
    printed = program.run(behaviour, variant, broker.bootstrap, name)

    assert printed["version"] == pinned_version(client.name)
    assert printed["facts"] == expected_facts(client, behaviour, variant, broker.kind)
    check_disk(behaviour, variant, broker.data_dir, name)
