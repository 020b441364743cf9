"""Settings from environment variables: `OTTLA_NUM_PARTITIONS=3` stands for `num.partitions=3`.

The names are made as Kafka's images make theirs: one underscore is a dot, two are an underscore, three a dash. The
prefix is our own, because the images' `KAFKA_` also begins the names of what is meant for scripts and other programs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ottla.config.broker_options import BROKER_OPTIONS
from ottla.config.own_options import OWN_OPTIONS, OWN_PREFIX
from ottla.config.setting import Setting

PREFIX = "OTTLA_"

NO_OPTIONS = frozenset({"OTTLA_DIALECT"})
"""Variables with the prefix that are no options: which image a container takes the place of."""

_SEPARATORS = {"_": ".", "__": "_", "___": "-"}
_UNDERSCORES = re.compile("_{1,3}")


def read_environment(environment: Mapping[str, str]) -> dict[str, Setting]:
    """Return the settings that variables make, by option; the origin of each is its variable.

    An option of Ottla's own may be named with or without the `ottla.` that it begins with.
    """
    return {
        _option_name(variable): Setting(text, variable)
        for variable, text in sorted(environment.items())
        if variable.startswith(PREFIX) and variable != PREFIX and variable not in NO_OPTIONS
    }


def _option_name(variable: str) -> str:
    words = variable.removeprefix(PREFIX).lower()
    name = _UNDERSCORES.sub(lambda found: _SEPARATORS[found[0]], words)
    own = OWN_PREFIX + name
    return own if own in OWN_OPTIONS and name not in BROKER_OPTIONS else name
