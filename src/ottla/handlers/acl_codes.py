"""What the APIs of access control entries have in common while there is no authorizer.

The codes of types, patterns, operations and permissions all have 0 for unknown, which Kafka's request classes refuse to
be made of: it closes the connection. A code that Kafka does not know is no error before an authorizer is asked.
"""

from __future__ import annotations

NO_AUTHORIZER = "No Authorizer is configured."
"""What Kafka's AclApis answer to CreateAcls and DeleteAcls."""

UNKNOWN = 0


def has_unknown(*codes: int) -> bool:
    """Tell whether one of the codes means unknown."""
    return UNKNOWN in codes
