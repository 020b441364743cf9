"""Where the settings stand that an error speaks of.

A rule between options knows their values and not their places, so the places are put behind its text afterwards.
"""

from __future__ import annotations

import re

from ottla.config.setting import Settings
from ottla.config.sources import EMBEDDED_ORIGIN


def with_places(text: str, settings: Settings) -> str:
    """Return an error's text with the place of each setting that it names and does not place itself: `file:line`, an
    argument or a variable.
    """
    places = {
        setting.origin: None
        for name, setting in settings.items()
        if setting.origin != EMBEDDED_ORIGIN and _names(text, name) and not _places(text, setting.origin)
    }
    return f"{text} ({', '.join(places)})" if places else text


def _names(text: str, option: str) -> bool:
    """Tell whether a text names an option, and not only another one that holds its name."""
    return re.search(rf"(?<![\w.-]){re.escape(option)}(?![\w-]|\.\w)", text) is not None


def _places(text: str, origin: str) -> bool:
    """Tell whether a text has a place; line 12 is not line 1."""
    return re.search(rf"{re.escape(origin)}(?!\d)", text) is not None
