"""AlterUserScramCredentials (51), v0: set and delete SCRAM credentials, each user's for itself (KIP-554, KIP-900)."""

from __future__ import annotations

from ottla.completion import Completion
from ottla.handlers.context import RequestContext
from ottla.protocol.messages.alter_user_scram_credentials import (
    AlterUserScramCredentialsRequest,
    AlterUserScramCredentialsResponse,
)


def handle(
    request: AlterUserScramCredentialsRequest, context: RequestContext
) -> Completion[AlterUserScramCredentialsResponse]:
    """Change the credentials; the answer comes when the changes are committed."""
    altered = context.services.controller.alter_scram_credentials(request.deletions, request.upsertions)
    return altered.map(lambda results: AlterUserScramCredentialsResponse(results=results))
