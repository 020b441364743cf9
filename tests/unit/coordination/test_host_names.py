from __future__ import annotations

import asyncio

from tests.unit.coordination.metadata_cluster import result_of, run

from ottla.coordination.host_names import find_unknown_hosts
from ottla.tasks import Tasks

# No label of a name may be that long, so no name server is asked.
NO_HOST = "x" * 64


def test_addresses_are_not_looked_up() -> None:
    async def main() -> None:
        found = find_unknown_hosts(["127.0.0.1", "::1", "2001:db8::7"], Tasks(asyncio.get_running_loop()))
        assert found.done
        assert found.result() == frozenset()

    run(main)


def test_names_that_cannot_be_resolved_are_found() -> None:
    async def main() -> None:
        found = find_unknown_hosts(["localhost", NO_HOST, "127.0.0.1"], Tasks(asyncio.get_running_loop()))
        assert not found.done
        assert await result_of(found) == frozenset({NO_HOST})

    run(main)
