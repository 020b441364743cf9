"""Why a broker did not start, in one line for the user."""

from __future__ import annotations


class StartError(Exception):
    """What is wrong, where, and what to do about it; no traceback belongs to it."""


class StartInterruptedError(StartError):
    """A start that was given up since the broker was told to stop meanwhile."""
