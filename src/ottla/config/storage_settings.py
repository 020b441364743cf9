"""What formatting and inspecting directories needs of a node's configuration, whatever roles the node has.

The rules are those of Kafka's `KafkaConfig`; what only this broker cannot serve (TLS, SASL, several directories, one
role alone) is not refused here, since a directory may be formatted for another broker.
"""

from __future__ import annotations

from dataclasses import dataclass

from ottla.config.broker import broker_values, listener_texts, log_directories, quorum_voters
from ottla.config.listeners import (
    ListenerTexts,
    controller_address,
    lay_out_listeners,
    split_csv,
)
from ottla.config.option import ConfigError, Value
from ottla.config.setting import Settings

CONTROLLER = "controller"


@dataclass(frozen=True, slots=True)
class StorageSettings:
    """The part of a node's configuration that its directories depend on."""

    node_id: int
    process_roles: tuple[str, ...]
    directories: tuple[str, ...]
    """All log directories and the one of the metadata log, in order and each once."""
    metadata_directory: str
    """The directory of the metadata log."""
    controller_listener_name: str
    """The first of `controller.listener.names`."""
    controller_address: tuple[str, int] | None
    """Where others reach that listener; None on a node that is no controller."""
    has_static_voters: bool
    """Whether `controller.quorum.voters` names the quorum, so that formatting must not."""
    allows_unstable_features: bool


def storage_settings(settings: Settings) -> StorageSettings:
    """Read settings as Kafka's StorageTool does. Raises ConfigError, with Kafka's text where Kafka has one."""
    values = broker_values(settings)
    roles = values["process.roles"]
    node_id = values["node.id"]
    metadata_directory = values["metadata.log.dir"]
    assert isinstance(roles, tuple)
    assert isinstance(node_id, int)
    assert metadata_directory is None or isinstance(metadata_directory, str)
    voters = quorum_voters(values)
    texts = listener_texts(values, settings)
    _check_listeners(roles, texts)
    named = log_directories(values)
    metadata_directory = metadata_directory or named[0]
    return StorageSettings(
        node_id=node_id,
        process_roles=roles,
        directories=tuple(sorted({*named, metadata_directory})),
        metadata_directory=metadata_directory,
        controller_listener_name=split_csv(texts.controller_listener_names)[0],
        controller_address=controller_address(texts) if CONTROLLER in roles else None,
        has_static_voters=bool(voters),
        allows_unstable_features=_is_true(values, "unstable.feature.versions.enable"),
    )


def _is_true(values: dict[str, Value], name: str) -> bool:
    return values[name] is True


def _check_listeners(roles: tuple[str, ...], texts: ListenerTexts) -> None:
    """Apply the rules on listeners: those of a combined node, or the few that a node of one role has of its own."""
    if set(roles) == {"broker", CONTROLLER}:
        lay_out_listeners(texts, lambda: "localhost", refuses_unserved=False)
        return
    controller_names = split_csv(texts.controller_listener_names)
    listening = {entry.partition("://")[0].upper() for entry in split_csv(texts.listeners)}
    if CONTROLLER in roles:
        if not listening <= set(controller_names):
            raise ConfigError(
                "The listeners config must only contain KRaft controller listeners from controller.listener.names when "
                "process.roles=controller"
            )
        if not set(controller_names) & listening:
            raise ConfigError(
                "controller.listener.names must contain at least one value appearing in the 'listeners' configuration "
                "when running the KRaft controller role"
            )
    elif not controller_names:
        raise ConfigError(
            "controller.listener.names must contain at least one value when running KRaft with just the broker role"
        )
    elif set(controller_names) & listening:
        raise ConfigError(
            "controller.listener.names must not contain a value appearing in the 'listeners' configuration when "
            "running KRaft with just the broker role"
        )
