"""What the APIs of delegation tokens have in common: on a PLAINTEXT listener none of them is allowed.

Kafka refuses them there before it looks whether it has a secret key for tokens (KafkaApis.allowTokenRequests), and
every listener here is PLAINTEXT.
"""

from __future__ import annotations

from ottla.errors import ErrorCode

NOT_ALLOWED = ErrorCode.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED

NO_TIMESTAMP = -1
"""What stands for a time beside an error."""

USER_TYPE = "User"
ANONYMOUS = "ANONYMOUS"
"""The principal of whoever comes over PLAINTEXT, `User:ANONYMOUS`."""
