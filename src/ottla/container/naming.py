"""From the names of variables to the names of options, by the rule of each image, and what is no option at all.

The rules differ where underscores meet: Apache's replaces one after the other, Confluent's looks at what stands around
an underscore, Bitnami's knows dots alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

KAFKA_PREFIX = "KAFKA_"
BITNAMI_PREFIX = "KAFKA_CFG_"

NO_OPTIONS = frozenset(
    {
        "KAFKA_VERSION",
        "KAFKA_HEAP_OPTS",
        "KAFKA_LOG4J_OPTS",
        "KAFKA_OPTS",
        "KAFKA_JMX_OPTS",
        "KAFKA_JVM_PERFORMANCE_OPTS",
        "KAFKA_GC_LOG_OPTS",
        "KAFKA_LOG4J_ROOT_LOGLEVEL",
        "KAFKA_LOG4J_LOGGERS",
        "KAFKA_TOOLS_LOG4J_LOGLEVEL",
    }
)
"""What is meant for a JVM or its log; Apache's and Confluent's images leave the same out."""

_LONE_UNDERSCORE = re.compile("(?<=[^_])_(?=[^_])")
_BITNAMI_EXCEPTIONS = (("sasl.ssl", "sasl_ssl"), ("sasl.plaintext", "sasl_plaintext"))
_BITNAMI_CAMEL_CASE = {"KAFKA_CFG_ZOOKEEPER_CLIENTCNXNSOCKET": "zookeeper.clientCnxnSocket"}

_SERVICE_LINK = re.compile(
    r"KAFKA_(?:[A-Z0-9_]+_)?"
    r"(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT_[0-9]+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)"
)
_LINKED_PORT = re.compile(r"KAFKA_(?:[A-Z0-9_]+_)?PORT")
_LINKED_ADDRESS = re.compile(r"(?:tcp|udp|sctp)://")


def apache_name(variable: str) -> str:
    """Return the option for a `KAFKA_` variable as `kafka.docker.KafkaDockerWrapper` names it."""
    words = variable.replace(KAFKA_PREFIX, "", 1).lower()
    return words.replace("_", ".").replace("...", "-").replace("..", "_")


def confluent_name(variable: str, prefix: str = KAFKA_PREFIX) -> str:
    """Return the option for a variable with this prefix as Confluent's images name it."""
    words = _LONE_UNDERSCORE.sub(".", variable.removeprefix(prefix))
    return words.replace("___", "-").replace("__", "_").lower()


def bitnami_name(variable: str) -> str:
    """Return the option for a `KAFKA_CFG_` variable as Bitnami's image names it."""
    if variable in _BITNAMI_CAMEL_CASE:
        return _BITNAMI_CAMEL_CASE[variable]
    name = variable.removeprefix(BITNAMI_PREFIX).replace("_", ".").lower()
    for dotted, meant in _BITNAMI_EXCEPTIONS:
        name = name.replace(dotted, meant)
    return name


def is_service_link(variable: str, value: str) -> bool:
    """Tell whether a variable is one of those by which Kubernetes and Docker tell of a service that is named kafka.

    They have the prefix by accident, and nobody means them as options.
    """
    if _SERVICE_LINK.fullmatch(variable):
        return True
    return bool(_LINKED_PORT.fullmatch(variable) and _LINKED_ADDRESS.match(value))


def without_service_links(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that somebody has set, in order of their names."""
    return {name: value for name, value in sorted(environment.items()) if not is_service_link(name, value)}
