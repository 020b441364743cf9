"""The configurations that the broker reads: frozen, typed, and with every rule between options applied.

An attribute is the option's name with dots turned to underscores, and holds the value in effect: an option
that stands in for another (`log.retention.hours` for `log.retention.ms`) has no attribute of its own.
Options that do nothing have none either; `values` holds every parsed value by name, for DescribeConfigs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ottla.config.listeners import AdvertisedListener, Listener
from ottla.config.option import Option, Value, default_value, parse_value
from ottla.config.setting import Settings
from ottla.config.topic_options import TOPIC_OPTIONS


@dataclass(frozen=True, slots=True)
class QuorumVoter:
    """A controller of the quorum, as `controller.quorum.voters` names it."""

    node_id: int
    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerConfig:
    """The broker's configuration in effect: static settings under the dynamic ones that were known.

    `settings` are the static ones as given, by name, with their places; `dynamic_default` and
    `dynamic_broker` the dynamic ones of all brokers and of this one.
    """

    advertised_listeners: tuple[AdvertisedListener, ...]
    auto_create_topics_enable: bool
    broker_rack: str | None
    compression_gzip_level: int
    compression_lz4_level: int
    compression_type: str
    compression_zstd_level: int
    connections_max_idle_ms: int
    controller_listener_names: tuple[str, ...]
    controller_quorum_bootstrap_servers: tuple[str, ...]
    controller_quorum_voters: tuple[QuorumVoter, ...]
    default_replication_factor: int
    delete_topic_enable: bool
    fetch_max_bytes: int
    group_initial_rebalance_delay_ms: int
    group_max_session_timeout_ms: int
    group_max_size: int
    group_min_session_timeout_ms: int
    inter_broker_listener_name: str
    listener_security_protocol_map: Mapping[str, str]
    listeners: tuple[Listener, ...]
    log_cleaner_backoff_ms: int
    log_cleaner_dedupe_buffer_size: int
    log_cleaner_delete_retention_ms: int
    log_cleaner_enable: bool
    log_cleaner_io_buffer_load_factor: float
    log_cleaner_io_buffer_size: int
    log_cleaner_io_max_bytes_per_second: float
    log_cleaner_max_compaction_lag_ms: int
    log_cleaner_min_cleanable_ratio: float
    log_cleaner_min_compaction_lag_ms: int
    log_cleaner_threads: int
    log_cleanup_policy: tuple[str, ...]
    log_dirs: tuple[str, ...]
    log_flush_interval_messages: int
    log_flush_interval_ms: int
    log_flush_offset_checkpoint_interval_ms: int
    log_flush_start_offset_checkpoint_interval_ms: int
    log_index_interval_bytes: int
    log_index_size_max_bytes: int
    log_initial_task_delay_ms: int
    log_message_timestamp_after_max_ms: int
    log_message_timestamp_before_max_ms: int
    log_message_timestamp_type: str
    log_retention_bytes: int
    log_retention_check_interval_ms: int
    log_retention_ms: int
    log_roll_jitter_ms: int
    log_roll_ms: int
    log_segment_bytes: int
    log_segment_delete_delay_ms: int
    max_connection_creation_rate: int
    max_connections: int
    max_connections_per_ip: int
    max_connections_per_ip_overrides: Mapping[str, int]
    max_incremental_fetch_session_cache_slots: int
    max_request_partition_size_limit: int
    message_max_bytes: int
    metadata_log_dir: str
    metadata_log_max_record_bytes_between_snapshots: int
    metadata_log_max_snapshot_interval_ms: int
    metadata_log_segment_bytes: int
    metadata_log_segment_ms: int
    metadata_max_retention_bytes: int
    metadata_max_retention_ms: int
    min_insync_replicas: int
    node_id: int
    num_partitions: int
    num_recovery_threads_per_data_dir: int
    offset_metadata_max_bytes: int
    offsets_commit_timeout_ms: int
    offsets_retention_check_interval_ms: int
    offsets_retention_minutes: int
    offsets_topic_compression_codec: int
    offsets_topic_num_partitions: int
    offsets_topic_replication_factor: int
    offsets_topic_segment_bytes: int
    ottla_log_level: tuple[str, ...]
    ottla_metrics_host: str | None
    ottla_metrics_port: int | None
    ottla_record_check: str
    ottla_replication_factor_clamp: bool
    process_roles: tuple[str, ...]
    producer_id_expiration_check_interval_ms: int
    producer_id_expiration_ms: int
    quota_window_num: int
    quota_window_size_seconds: int
    replica_high_watermark_checkpoint_interval_ms: int
    socket_listen_backlog_size: int
    socket_receive_buffer_bytes: int
    socket_request_max_bytes: int
    socket_send_buffer_bytes: int
    telemetry_max_bytes: int

    values: Mapping[str, Value]
    settings: Settings
    dynamic_default: Mapping[str, str]
    dynamic_broker: Mapping[str, str]

    @property
    def data_directory(self) -> str:
        """The one log directory."""
        return self.log_dirs[0]

    @property
    def broker_listeners(self) -> tuple[Listener, ...]:
        """The listeners for clients, in the order of `listeners`."""
        return tuple(each for each in self.listeners if each.name not in self.controller_listener_names)

    @property
    def controller_listeners(self) -> tuple[Listener, ...]:
        """The listeners of the controller, in the order of `listeners`."""
        return tuple(each for each in self.listeners if each.name in self.controller_listener_names)


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicConfig:
    """A topic's configuration in effect: its overrides over the broker's values."""

    cleanup_policy: frozenset[str]
    compression_gzip_level: int
    compression_lz4_level: int
    compression_type: str
    compression_zstd_level: int
    delete_retention_ms: int
    file_delete_delay_ms: int
    flush_messages: int
    flush_ms: int
    follower_replication_throttled_replicas: tuple[str, ...]
    index_interval_bytes: int
    internal_segment_bytes: int | None
    leader_replication_throttled_replicas: tuple[str, ...]
    local_retention_bytes: int
    local_retention_ms: int
    max_compaction_lag_ms: int
    max_message_bytes: int
    message_timestamp_after_max_ms: int
    message_timestamp_before_max_ms: int
    message_timestamp_type: str
    min_cleanable_dirty_ratio: float
    min_compaction_lag_ms: int
    min_insync_replicas: int
    preallocate: bool
    remote_log_copy_disable: bool
    remote_log_delete_on_disable: bool
    remote_storage_enable: bool
    retention_bytes: int
    retention_ms: int
    segment_bytes: int
    segment_index_bytes: int
    segment_jitter_ms: int
    segment_ms: int
    unclean_leader_election_enable: bool

    ottla_record_check: str
    """The broker's, which has no override."""


def resolve_topic_config(broker_config: BrokerConfig, overrides: Mapping[str, str]) -> TopicConfig:
    """Return what holds for a topic with these overrides.

    What the topic does not set follows the broker's configuration. The overrides are taken to be valid
    (`validate_topic_overrides`); names that are no topic options are passed over. Raises ConfigError
    otherwise.
    """
    fields: dict[str, Any] = {
        option.attribute: topic_default(broker_config, option) for option in TOPIC_OPTIONS.values()
    }
    fields["cleanup_policy"] = frozenset(fields["cleanup_policy"])
    defaults = TopicConfig(**fields, ottla_record_check=broker_config.ottla_record_check)
    return override_topic_config(defaults, overrides) if overrides else defaults


def override_topic_config(defaults: TopicConfig, overrides: Mapping[str, str]) -> TopicConfig:
    """Return what holds for a topic with these overrides where `defaults` hold for one without any.

    It takes a tenth of the time of `resolve_topic_config`, which counts where there are thousands of topics. Raises
    ConfigError as that does.
    """
    fields: dict[str, Any] = {
        TOPIC_OPTIONS[name].attribute: parse_value(TOPIC_OPTIONS[name], text)
        for name, text in overrides.items()
        if name in TOPIC_OPTIONS
    }
    if "cleanup_policy" in fields:
        fields["cleanup_policy"] = frozenset(fields["cleanup_policy"])
    if fields.get("internal_segment_bytes") is not None:
        fields["segment_bytes"] = fields["internal_segment_bytes"]
    return replace(defaults, **fields)


class TopicConfigs:
    """What holds for each topic, worked out once: however many there are, those without overrides share one object.

    Not for threads. Raises ConfigError where `resolve_topic_config` does.
    """

    def __init__(self, broker_config: BrokerConfig) -> None:
        self.default = resolve_topic_config(broker_config, {})
        self._by_topic: dict[str, TopicConfig] = {}

    def follow(self, broker_config: BrokerConfig) -> None:
        """Go by a changed configuration of the broker."""
        default = resolve_topic_config(broker_config, {})
        if default != self.default:
            self.default = default
        self._by_topic.clear()

    def of(self, topic: str, overrides: Mapping[str, str]) -> TopicConfig:
        """Return what holds for a topic with these overrides, until it is forgotten."""
        config = self._by_topic.get(topic)
        if config is None:
            config = override_topic_config(self.default, overrides) if overrides else self.default
            self._by_topic[topic] = config
        return config

    def forget(self, topic: str) -> None:
        """Work it out anew when it is asked for again: its overrides have changed, or it is gone."""
        self._by_topic.pop(topic, None)


_EFFECTIVE_TOPIC_DEFAULTS: Mapping[str, Callable[[BrokerConfig], int]] = {
    "retention.ms": lambda config: config.log_retention_ms,
    "segment.ms": lambda config: config.log_roll_ms,
    "segment.jitter.ms": lambda config: config.log_roll_jitter_ms,
    "flush.ms": lambda config: config.log_flush_interval_ms,
}
"""Topic options whose default several broker options decide together."""


def topic_default(broker_config: BrokerConfig, option: Option) -> Value:
    """Return the value that a topic has for an option which it does not set."""
    effective = _EFFECTIVE_TOPIC_DEFAULTS.get(option.name)
    if effective is not None:
        return effective(broker_config)
    if option.synonyms:
        return broker_config.values[option.synonyms[0]]
    return default_value(option)
