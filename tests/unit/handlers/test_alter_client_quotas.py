import asyncio
from pathlib import Path

from tests.unit.coordination.metadata_cluster import format_directory, open_node, result_of, run
from tests.unit.handlers.support import context_of

from ottla.handlers.alter_client_quotas import handle
from ottla.protocol.messages.alter_client_quotas import (
    AlterClientQuotasRequest,
    EntityData,
    EntryData,
    OpData,
)
from ottla.tasks import Tasks

NO_HOST = "x" * 64
"""No label of a name may be that long, so no name server is asked."""


def test_quotas_are_set_and_outlive_a_stop(tmp_path: Path) -> None:
    format_directory(tmp_path)
    entity = (("user", "u"),)
    entry = EntryData(
        entity=[EntityData(entity_type="user", entity_name="u")],
        ops=[OpData(key="producer_byte_rate", value=5.0)],
    )
    nowhere = EntryData(entity=[EntityData(entity_type="ip", entity_name=NO_HOST)])

    async def main() -> None:
        node = open_node(tmp_path)
        await node.start()
        tasks = Tasks(asyncio.get_running_loop())
        context = context_of(node.image, 1, controller=node.controller, tasks=tasks)
        for validate_only, quotas in ((True, {}), (False, {"producer_byte_rate": 5.0})):
            request = AlterClientQuotasRequest(entries=[entry, nowhere], validate_only=validate_only)
            response = await result_of(handle(request, context))
            assert [(each.error_code, each.error_message) for each in response.entries] == [
                (0, None),
                (42, f"{NO_HOST} is not a valid IP or resolvable host."),
            ]
            assert node.image.client_quotas.of(entity) == quotas
        await node.stop()
        second = open_node(tmp_path)
        await second.start()
        assert second.image.client_quotas.by_entity == {entity: {"producer_byte_rate": 5.0}}
        await second.stop()

    run(main)
