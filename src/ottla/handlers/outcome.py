"""What a handler may return in place of a response."""

from __future__ import annotations

from enum import Enum


class Outcome(Enum):
    """An end of a request that puts no response on the wire."""

    NO_RESPONSE = "no response"
    """The client asked for none: Produce with acks=0 that went well (facts 7.8)."""

    CLOSE_CONNECTION = "close connection"
    """The only error that such a client can notice: Produce with acks=0 that failed (facts 1.2), and a request
    that Kafka cannot make an object of."""
