"""Settings from a YAML file: Kafka's keys, flat or nested, where nested keys are joined with dots."""

from __future__ import annotations

import yaml

from ottla.config.option import ConfigError
from ottla.config.setting import Setting


def read_yaml(text: str, file_name: str) -> dict[str, Setting]:
    """Parse a YAML file; keys that are given null are as good as absent.

    Raises ConfigError that names the file and the line.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ConfigError(f"{file_name}: {' '.join(str(error).split())}") from error
    settings: dict[str, Setting] = {}
    if root is not None:
        _flatten(root, "", file_name, settings)
    return settings


_YAML_DEPTH_LIMIT = 20
"""No key of Kafka's has more dots than this; it also stops aliases that contain themselves."""


def _flatten(
    node: yaml.Node, prefix: str, file_name: str, settings: dict[str, Setting], depth: int = 0
) -> None:
    origin = f"{file_name}:{node.start_mark.line + 1}"
    if depth > _YAML_DEPTH_LIMIT:
        raise ConfigError(f"{origin}: keys are nested more than {_YAML_DEPTH_LIMIT} deep")
    if isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise ConfigError(f"{origin}: a key must be a text")
            key = f"{prefix}.{key_node.value}" if prefix else key_node.value
            _flatten(value_node, key, file_name, settings, depth + 1)
    elif not prefix:
        raise ConfigError(f"{origin}: expected keys with values at the top of the file")
    elif isinstance(node, yaml.SequenceNode):
        if not all(isinstance(item, yaml.ScalarNode) for item in node.value):
            raise ConfigError(f"{origin}: the list of {prefix} must hold plain values")
        settings[prefix] = Setting(",".join(item.value for item in node.value), origin)
    elif node.tag == "tag:yaml.org,2002:null":
        settings.pop(prefix, None)
    else:
        # The text as written: YAML's own reading of yes, 0o17 or 1_000 is not Kafka's.
        settings[prefix] = Setting(node.value, origin)
