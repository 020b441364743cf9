"""The metadata controller as a machine: commands are planned against the image, committed records make the next image.

Every record of the log passes through `replay`, those of the quorum too, so that the machine always knows at which
offset the next record will lie. What clients see is the image that `take_image` hands over after each batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import singledispatchmethod
from typing import TYPE_CHECKING, Any

from ottla.completion import Completion
from ottla.config.resolved import BrokerConfig
from ottla.errors import ErrorCode, KafkaError
from ottla.machine import Effects, Reply
from ottla.metadata.aspects.producer_ids import PRODUCER_ID_BLOCK_SIZE
from ottla.metadata.create_partitions_plan import plan_create_partitions
from ottla.metadata.create_topics_plan import plan_create_topics
from ottla.metadata.delete_topics_plan import plan_delete_topics
from ottla.metadata.image import EMPTY, ClusterImage, ImageBuilder, ImageDelta
from ottla.metadata.log_entries import LeaderEpoch, LogEntry, QuorumRecord, SnapshotLoaded
from ottla.metadata.records import MetadataRecord, ProducerIdsRecord
from ottla.metadata.registration_plan import (
    NodeRegistration,
    plan_abort_transaction,
    plan_bootstrap,
    plan_controlled_shutdown,
    plan_fence,
    plan_register_broker,
    plan_register_controller,
    plan_unfence,
)
from ottla.protocol.messages.create_partitions import CreatePartitionsTopic
from ottla.protocol.messages.create_topics import CreatableTopic
from ottla.protocol.messages.delete_topics import DeleteTopicState
from ottla.protocol.messages.incremental_alter_configs import AlterConfigsResource
from ottla.types import Uuid, random_uuid

if TYPE_CHECKING:
    from ottla.protocol.messages.alter_client_quotas import EntryData
    from ottla.protocol.messages.alter_partition import AlterPartitionRequest
    from ottla.protocol.messages.alter_partition_reassignments import ReassignableTopic
    from ottla.protocol.messages.alter_user_scram_credentials import (
        ScramCredentialDeletion,
        ScramCredentialUpsertion,
    )
    from ottla.protocol.messages.assign_replicas_to_dirs import AssignReplicasToDirsRequest
    from ottla.protocol.messages.elect_leaders import TopicPartitions
    from ottla.protocol.messages.update_features import FeatureUpdateKey


@dataclass(frozen=True, slots=True)
class CreateTopics:
    """Create topics; the reply is the list of CreatableTopicResult."""

    topics: list[CreatableTopic]
    validate_only: bool
    reply_to: Completion[Any]


@dataclass(frozen=True, slots=True)
class DeleteTopics:
    """Delete topics; the reply is the list of DeletableTopicResult."""

    topics: list[DeleteTopicState]
    reply_to: Completion[Any]


@dataclass(frozen=True, slots=True)
class CreatePartitions:
    """Add partitions; the reply is the list of CreatePartitionsTopicResult."""

    topics: list[CreatePartitionsTopic]
    validate_only: bool
    reply_to: Completion[Any]


@dataclass(frozen=True, slots=True)
class AlterPartitionReassignments:
    """Move replicas; the reply is the list of ReassignableTopicResponse."""

    topics: list[ReassignableTopic]
    allow_replication_factor_change: bool
    reply_to: Completion[Any]


@dataclass(frozen=True, slots=True)
class ElectLeaders:
    """Elect leaders, for all partitions with None; the reply is the list of ReplicaElectionResult."""

    election_type: int
    topic_partitions: list[TopicPartitions] | None
    reply_to: Completion[Any]


@dataclass(frozen=True, slots=True)
class AlterConfigs:
    """Change overrides; the reply is the list of AlterConfigsResourceResponse."""

    resources: list[AlterConfigsResource]
    validate_only: bool
    replace: bool
    """Take away the overrides that are not named."""
    reply_to: Completion[Any]


@dataclass(frozen=True, slots=True)
class AlterClientQuotas:
    """Change quotas; the reply is the list of EntryResult."""

    entries: list[EntryData]
    unknown_hosts: frozenset[str]
    """The names among the addresses that cannot be resolved."""
    validate_only: bool
    reply_to: Completion[Any]


@dataclass(frozen=True, slots=True)
class AlterScramCredentials:
    """Change SCRAM credentials; the reply is the list of AlterUserScramCredentialsResult."""

    deletions: list[ScramCredentialDeletion]
    upsertions: list[ScramCredentialUpsertion]
    reply_to: Completion[Any]


@dataclass(frozen=True, slots=True)
class AllocateProducerIds:
    """Reserve a block of producer ids; the reply is its range."""

    reply_to: Completion[Any]


@dataclass(frozen=True, slots=True)
class UpdateFeatures:
    """Set levels of features; the reply is None, or the KafkaError that refuses all of them."""

    updates: list[FeatureUpdateKey]
    kraft_version: int
    """What the log says about its quorum when the update is asked for."""
    validate_only: bool
    reply_to: Completion[Any]


@dataclass(frozen=True, slots=True)
class UnregisterBroker:
    """Forget a broker of another node; the reply is None."""

    broker_id: int
    reply_to: Completion[Any]


@dataclass(frozen=True, slots=True)
class AlterPartition:
    """Change in-sync replicas; the reply is the list of TopicState."""

    request: AlterPartitionRequest
    reply_to: Completion[Any]


@dataclass(frozen=True, slots=True)
class AssignDirectories:
    """Note directories of replicas; the reply is the list of DirectoryAssignment."""

    request: AssignReplicasToDirsRequest
    reply_to: Completion[Any]


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """End a transaction that was left open, and write the first records of a log that has none."""

    records: Sequence[MetadataRecord]
    reply_to: Completion[Any]


@dataclass(frozen=True, slots=True)
class RegisterController:
    """Register this start as a controller."""

    node: NodeRegistration
    reply_to: Completion[Any]


@dataclass(frozen=True, slots=True)
class RegisterBroker:
    """Register this start as a broker, fenced; the reply is the broker's epoch."""

    node: NodeRegistration
    reply_to: Completion[Any]


@dataclass(frozen=True, slots=True)
class FenceBroker:
    """Fence a broker, if it is not fenced yet."""

    node_id: int
    reply_to: Completion[Any]


@dataclass(frozen=True, slots=True)
class UnfenceBroker:
    """Let a registered broker serve."""

    node_id: int
    reply_to: Completion[Any]


@dataclass(frozen=True, slots=True)
class BeginControlledShutdown:
    """Move leadership away from a broker that is about to stop."""

    node_id: int
    reply_to: Completion[Any]


Command = (
    CreateTopics
    | DeleteTopics
    | CreatePartitions
    | AlterPartitionReassignments
    | ElectLeaders
    | AlterConfigs
    | AlterClientQuotas
    | AlterScramCredentials
    | AllocateProducerIds
    | UpdateFeatures
    | UnregisterBroker
    | AlterPartition
    | AssignDirectories
    | Bootstrap
    | RegisterController
    | RegisterBroker
    | FenceBroker
    | UnfenceBroker
    | BeginControlledShutdown
)


class ControllerMachine:
    """The controller of a single node; implements `ottla.machine.Machine`.

    `config` gives the broker's configuration in effect, whose defaults new topics take.
    """

    def __init__(
        self,
        cluster_id: str,
        config: Callable[[], BrokerConfig],
        new_topic_id: Callable[[], Uuid] = random_uuid,
    ) -> None:
        self._config = config
        self._new_topic_id = new_topic_id
        self._image = ClusterImage(cluster_id=cluster_id)
        self._builder = ImageBuilder(self._image)
        self._next_offset = 0
        self._epoch = EMPTY.epoch

    @property
    def image(self) -> ClusterImage:
        """The image as of the last `take_image`."""
        return self._image

    @property
    def next_offset(self) -> int:
        """The log offset of the next record."""
        return self._next_offset

    def take_image(self) -> tuple[ClusterImage, ImageDelta]:
        """Return the image with everything replayed, and what changed since it was last taken."""
        self._image, delta = self._builder.build(self._next_offset - 1, self._epoch)
        return self._image, delta

    def handle(self, command: Command, now_ms: int) -> Effects[LogEntry]:  # noqa: ARG002 - the contract of machines
        """Plan a command; see `ottla.machine.Machine.handle`."""
        assert self._image.offset == self._next_offset - 1 or self._builder.in_transaction, (
            "the image is taken after each batch"
        )
        return self._plan(command)

    def may_overtake(self, command: Command) -> bool:  # noqa: ARG002 - the contract of a machine
        """Keep every command in its place: all of them change the metadata."""
        return False

    def replay(self, record: LogEntry) -> None:
        """Apply a committed record."""
        if isinstance(record, LeaderEpoch):
            self._epoch = record.epoch
        elif isinstance(record, SnapshotLoaded):
            self._next_offset, self._epoch = record.end_offset, record.epoch
        else:
            self._next_offset += 1
            if not isinstance(record, QuorumRecord):
                self._builder.replay(record)

    def wake(self, now_ms: int) -> Effects[LogEntry]:  # noqa: ARG002 - the contract of machines
        """Nothing is ever due: a node without followers has nobody to time out."""
        return Effects()

    def next_wakeup_ms(self) -> int | None:
        """Return None: nothing waits."""
        return None

    def abandon(self) -> list[Completion[Any]]:
        """Return no completion: every command is answered with the batch that it causes."""
        return []

    @singledispatchmethod
    def _plan(self, command: Any) -> Effects[LogEntry]:
        raise TypeError(f"{command!r} is no command of the controller")

    @_plan.register
    def _(self, command: CreateTopics) -> Effects[LogEntry]:
        plan = plan_create_topics(
            self._image,
            self._config(),
            command.topics,
            self._new_topic_id,
            validate_only=command.validate_only,
        )
        return _effects(plan.records, command.reply_to, plan.results)

    @_plan.register
    def _(self, command: DeleteTopics) -> Effects[LogEntry]:
        plan = plan_delete_topics(self._image, command.topics)
        return _effects(plan.records, command.reply_to, plan.results)

    @_plan.register
    def _(self, command: CreatePartitions) -> Effects[LogEntry]:
        plan = plan_create_partitions(self._image, command.topics, validate_only=command.validate_only)
        return _effects(plan.records, command.reply_to, plan.results)

    @_plan.register
    def _(self, command: AlterPartitionReassignments) -> Effects[LogEntry]:
        # Imported late: hardly anybody asks for it, and every start would have to load it.
        from ottla.metadata.reassignment_plan import plan_reassignments  # noqa: PLC0415

        plan = plan_reassignments(
            self._image,
            self._config(),
            command.topics,
            allow_replication_factor_change=command.allow_replication_factor_change,
        )
        return _effects(plan.records, command.reply_to, plan.results)

    @_plan.register
    def _(self, command: ElectLeaders) -> Effects[LogEntry]:
        # Imported late, for the same reason.
        from ottla.metadata.elect_leaders_plan import plan_elections  # noqa: PLC0415

        plan = plan_elections(self._image, self._config(), command.election_type, command.topic_partitions)
        return _effects(plan.records, command.reply_to, plan.results)

    @_plan.register
    def _(self, command: AlterConfigs) -> Effects[LogEntry]:
        # Imported late: it knows every option of everything, and most brokers are never asked.
        from ottla.metadata.alter_configs_plan import plan_alter_configs  # noqa: PLC0415

        plan = plan_alter_configs(
            self._image,
            self._config(),
            command.resources,
            validate_only=command.validate_only,
            replace=command.replace,
        )
        return _effects(plan.records, command.reply_to, plan.results)

    @_plan.register
    def _(self, command: AlterClientQuotas) -> Effects[LogEntry]:
        from ottla.metadata.alter_client_quotas_plan import plan_alter_client_quotas  # noqa: PLC0415 - as above

        plan = plan_alter_client_quotas(
            self._image,
            command.entries,
            command.unknown_hosts,
            validate_only=command.validate_only,
        )
        return _effects(plan.records, command.reply_to, plan.results)

    @_plan.register
    def _(self, command: AlterScramCredentials) -> Effects[LogEntry]:
        from ottla.metadata.alter_scram_credentials_plan import plan_alter_scram_credentials  # noqa: PLC0415 - as above

        plan = plan_alter_scram_credentials(self._image, command.deletions, command.upsertions)
        return _effects(plan.records, command.reply_to, plan.results)

    @_plan.register
    def _(self, command: AllocateProducerIds) -> Effects[LogEntry]:
        config = self._config()
        broker = self._image.brokers.by_id.get(config.node_id)
        if broker is None:
            raise KafkaError(ErrorCode.BROKER_ID_NOT_REGISTERED)
        first = self._image.producer_ids.next_producer_id
        block = range(first, first + PRODUCER_ID_BLOCK_SIZE)
        record = ProducerIdsRecord(
            broker_id=config.node_id, broker_epoch=broker.epoch, next_producer_id=block.stop
        )
        return _effects([record], command.reply_to, block)

    @_plan.register
    def _(self, command: UpdateFeatures) -> Effects[LogEntry]:
        from ottla.metadata.update_features_plan import plan_update_features  # noqa: PLC0415 - as above

        config = self._config()
        plan = plan_update_features(
            self._image,
            command.updates,
            kraft_version=command.kraft_version,
            node_id=config.node_id,
            min_insync_replicas=config.min_insync_replicas,
            validate_only=command.validate_only,
        )
        return _effects(plan.records, command.reply_to, plan.refusal)

    @_plan.register
    def _(self, command: UnregisterBroker) -> Effects[LogEntry]:
        from ottla.metadata.unregister_plan import plan_unregister_broker  # noqa: PLC0415 - as above

        records = plan_unregister_broker(self._image, command.broker_id, self._config().node_id)
        return _effects(records, command.reply_to, None)

    @_plan.register
    def _(self, command: AlterPartition) -> Effects[LogEntry]:
        from ottla.metadata.alter_partition_plan import plan_alter_partition  # noqa: PLC0415 - as above

        plan = plan_alter_partition(self._image, command.request)
        return _effects(plan.records, command.reply_to, plan.topics)

    @_plan.register
    def _(self, command: AssignDirectories) -> Effects[LogEntry]:
        from ottla.metadata.assign_directories_plan import plan_assign_directories  # noqa: PLC0415 - as above

        plan = plan_assign_directories(self._image, command.request)
        return _effects(plan.records, command.reply_to, plan.directories)

    @_plan.register
    def _(self, command: Bootstrap) -> Effects[LogEntry]:
        records: list[MetadataRecord] = []
        if self._builder.in_transaction:
            records += plan_abort_transaction()
        if not self._image.features.levels:
            records += plan_bootstrap(command.records, self._config().min_insync_replicas)
        return _effects(records, command.reply_to, None)

    @_plan.register
    def _(self, command: RegisterController) -> Effects[LogEntry]:
        return _effects(plan_register_controller(command.node), command.reply_to, None)

    @_plan.register
    def _(self, command: RegisterBroker) -> Effects[LogEntry]:
        records = plan_register_broker(self._image, command.node, self._next_offset)
        return _effects(records, command.reply_to, self._next_offset)

    @_plan.register
    def _(self, command: FenceBroker) -> Effects[LogEntry]:
        return _effects(plan_fence(self._image, command.node_id), command.reply_to, None)

    @_plan.register
    def _(self, command: UnfenceBroker) -> Effects[LogEntry]:
        return _effects(plan_unfence(self._image, command.node_id), command.reply_to, None)

    @_plan.register
    def _(self, command: BeginControlledShutdown) -> Effects[LogEntry]:
        return _effects(plan_controlled_shutdown(self._image, command.node_id), command.reply_to, None)


def _effects(records: Sequence[LogEntry], reply_to: Completion[Any], value: object) -> Effects[LogEntry]:
    return Effects(list(records), [Reply(reply_to, value)])
