from pathlib import Path

from tests.unit.coordination.metadata_cluster import format_directory, open_node, result_of, run
from tests.unit.handlers.support import context_of

from ottla.handlers.alter_user_scram_credentials import handle
from ottla.protocol.messages.alter_user_scram_credentials import (
    AlterUserScramCredentialsRequest,
    ScramCredentialDeletion,
    ScramCredentialUpsertion,
)


def test_credentials_are_set_and_deleted_and_outlive_a_stop(tmp_path: Path) -> None:
    format_directory(tmp_path)
    upsertions = [
        ScramCredentialUpsertion(
            name=user, mechanism=1, iterations=4096, salt=b"salt", salted_password=user.encode()
        )
        for user in ("a", "b")
    ]

    async def main() -> None:
        node = open_node(tmp_path)
        await node.start()
        context = context_of(node.image, 0, controller=node.controller)
        response = await result_of(handle(AlterUserScramCredentialsRequest(upsertions=upsertions), context))
        assert [(each.user, each.error_code) for each in response.results] == [("a", 0), ("b", 0)]
        deletions = [ScramCredentialDeletion(name="b", mechanism=1)]
        response = await result_of(handle(AlterUserScramCredentialsRequest(deletions=deletions), context))
        assert [(each.user, each.error_code) for each in response.results] == [("b", 0)]
        before = node.image.scram_credentials
        assert list(before.by_user) == ["a"]
        await node.stop()
        second = open_node(tmp_path)
        await second.start()
        assert second.image.scram_credentials == before
        await second.stop()

    run(main)
