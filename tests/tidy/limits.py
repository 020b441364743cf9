"""The numbers of docs/style.md, and every exception from its rules, each with its reason."""

MAX_FUNCTION_LINES = 70
MAX_FILE_LINES = 500

LONG_FILES = {
    "src/ottla/config/tables/groups.py": "a table: one row per option",
    "src/ottla/config/tables/log.py": "a table: one row per option",
    "src/ottla/config/tables/security.py": "a table: one row per option",
}
"""Tables may be longer than code."""

LONG_FUNCTIONS: dict[str, str] = {}
"""`path:name` of functions that may be longer; none is."""

TABLES = {
    "src/ottla/config/setting.py": "one value class, used by every test of config",
    "src/ottla/config/broker_options.py": "rows, tested as such in test_broker_options",
    "src/ottla/cli/common.py": "the table of tools and the help text; test_main covers both",
    "src/ottla/config/kinds.py": "short names for the words in option rows",
}
"""Modules without a mirror test that are more than names: tables, each with what covers it."""

COVERED_BY: dict[str, str] = {
    "src/ottla/cli/console_producer.py": "tests/tools/test_tools.py",
    "src/ottla/cli/dump_log_batches.py": "tests/unit/cli/test_dump_log.py",
    "src/ottla/cli/dump_log_indexes.py": "tests/unit/cli/test_dump_log.py",
    "src/ottla/cli/json_events.py": "tests/unit/cli/test_verifiable_consumer.py",
    "src/ottla/cli/verifiable_producer.py": "tests/tools/test_tools.py",
    "src/ottla/container/apache.py": "tests/container/test_environments.py",
    "src/ottla/container/bitnami.py": "tests/container/test_environments.py",
    "src/ottla/container/bitnami_checks.py": "tests/container/test_environments.py",
    "src/ottla/container/bitnami_environment.py": "tests/container/test_environments.py",
    "src/ottla/container/bitnami_security.py": "tests/container/test_environments.py",
    "src/ottla/container/confluent.py": "tests/container/test_environments.py",
    "src/ottla/container/console.py": "tests/container/test_starts.py",
    "src/ottla/container/listener_texts.py": "tests/container/test_environments.py",
    "src/ottla/container/main.py": "tests/container/test_compose.py",
    "src/ottla/container/run_apache.py": "tests/container/test_starts.py",
    "src/ottla/container/run_bitnami.py": "tests/container/test_starts.py",
    "src/ottla/container/run_confluent.py": "tests/container/test_starts.py",
    "src/ottla/container/secured_listeners.py": "tests/container/test_environments.py",
    "src/ottla/container/zookeeper_style.py": "tests/container/test_environments.py",
    "src/ottla/config/yaml_settings.py": "tests/unit/config/test_sources.py",
    "src/ottla/coordination/metadata_snapshots.py": "tests/unit/coordination/test_controller.py",
    "src/ottla/handlers/error_responses.py": "tests/unit/server/test_dispatch.py",
    "src/ottla/handlers/quorum_requests.py": "tests/unit/handlers/test_vote.py",
    "src/ottla/handlers/raft_voters.py": "tests/unit/handlers/test_add_raft_voter.py",
    "src/ottla/handlers/create_acls.py": "tests/unit/handlers/test_describe_acls.py",
    "src/ottla/handlers/delete_acls.py": "tests/unit/handlers/test_describe_acls.py",
    "src/ottla/handlers/describe_delegation_token.py": "tests/unit/handlers/test_create_delegation_token.py",
    "src/ottla/handlers/push_telemetry.py": "tests/unit/handlers/test_get_telemetry_subscriptions.py",
    "src/ottla/handlers/registry.py": "tests/tidy/test_registry.py",
    "src/ottla/handlers/security_error_responses.py": "tests/unit/server/test_dispatch.py",
    "src/ottla/metadata/aspects/brokers.py": "tests/unit/metadata/test_image.py",
    "src/ottla/metadata/aspects/client_quotas.py": "tests/unit/metadata/test_image.py",
    "src/ottla/metadata/aspects/configs.py": "tests/unit/metadata/test_image.py",
    "src/ottla/metadata/aspects/features.py": "tests/unit/metadata/test_image.py",
    "src/ottla/metadata/aspects/kept.py": "tests/unit/metadata/test_image.py",
    "src/ottla/metadata/aspects/producer_ids.py": "tests/unit/metadata/test_image.py",
    "src/ottla/metadata/aspects/scram_credentials.py": "tests/unit/metadata/test_image.py",
    "src/ottla/metadata/aspects/topics.py": "tests/unit/metadata/test_image.py",
    "src/ottla/metadata/controller.py": "tests/unit/coordination/test_controller.py",
    "src/ottla/metadata/formatting.py": "tests/unit/coordination/test_controller.py",
    "src/ottla/metadata/log_entries.py": "tests/unit/metadata/test_snapshot.py",
    "src/ottla/server/process.py": "tests/system/test_restart.py",
    "src/ottla/server/receiving.py": "tests/unit/server/test_listener.py",
    "src/ottla/server/sockets.py": "tests/unit/server/test_broker_dynamic.py",
}
"""Modules whose mirror test stands elsewhere, because they are tested together: the module, and its test."""

UNMIRRORED_FOLDERS = {
    "src/ottla/protocol/messages": "message classes: the golden test covers each",
    "src/ottla/protocol/coordinator_records": "message classes: the golden test covers each",
    "src/ottla/config/tables": "option rows: tests of the tables as a whole cover them",
}

ACT_IN_CONFIG = {
    "process.roles": "only one value is accepted",
    "controller.listener.names": "splits the listeners",
    "listener.security.protocol.map": "decides which listeners are accepted",
    "inter.broker.listener.name": "checked against the listeners; there is no other broker to speak to",
    "security.inter.broker.protocol": "stands in for inter.broker.listener.name",
    "controller.quorum.voters": "only this node is accepted",
    "controller.quorum.bootstrap.servers": "stands in for controller.quorum.voters",
    "metadata.log.dir": "only the data directory is accepted",
}
"""Acting options that decide while the configuration is resolved, and are not read again."""

READ_AS = {
    "log.dirs": ("data_directory",),
    "listeners": ("broker_listeners", "controller_listeners"),
}
"""Options whose value is read under another attribute too."""
