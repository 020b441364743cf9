"""The one way in which replaying metadata can go wrong."""

from __future__ import annotations


class InconsistentMetadataError(Exception):
    """A committed record contradicts the records before it.

    Records that the controller planned never do. A log that does was damaged or written by something else,
    and guessing its meaning would lose topics, so the broker refuses to start on it.
    """
