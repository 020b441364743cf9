"""The controller as handlers and the composition root see it: every change of the cluster's metadata goes through here.

A reply leaves only after the image that it promises was published, so that the client that asked finds in its next
request what it made. One machine, one log, one command at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from ottla.clock import Clock
from ottla.completion import Completion
from ottla.config.resolved import BrokerConfig
from ottla.coordination.image_log import shortened
from ottla.coordination.internal_topics import internal_topic
from ottla.coordination.metadata_log import MetadataLog
from ottla.coordination.publisher import ImagePublisher
from ottla.coordination.runtime import MachineShell, ShellErrors
from ottla.errors import ErrorCode, KafkaError
from ottla.metadata import create_partitions_plan, create_topics_plan, delete_topics_plan
from ottla.metadata.controller import (
    AllocateProducerIds,
    AlterClientQuotas,
    AlterConfigs,
    AlterPartition,
    AlterPartitionReassignments,
    AlterScramCredentials,
    AssignDirectories,
    BeginControlledShutdown,
    Bootstrap,
    Command,
    ControllerMachine,
    CreatePartitions,
    CreateTopics,
    DeleteTopics,
    ElectLeaders,
    FenceBroker,
    RegisterBroker,
    RegisterController,
    UnfenceBroker,
    UnregisterBroker,
    UpdateFeatures,
)
from ottla.metadata.formatting import check_metadata_version
from ottla.metadata.image import ClusterImage, difference
from ottla.metadata.log_entries import LogEntry
from ottla.metadata.records import MetadataRecord
from ottla.metadata.registration_plan import NodeRegistration
from ottla.partitions.producer_ids import ProducerIdBlock
from ottla.protocol.messages.create_partitions import CreatePartitionsTopic, CreatePartitionsTopicResult
from ottla.protocol.messages.create_topics import CreatableTopic, CreatableTopicResult
from ottla.protocol.messages.delete_topics import DeletableTopicResult, DeleteTopicState
from ottla.protocol.messages.incremental_alter_configs import (
    AlterConfigsResource,
    AlterConfigsResourceResponse,
)
from ottla.tasks import Tasks, Timer
from ottla.types import INTERNAL_TOPICS

if TYPE_CHECKING:
    from ottla.protocol.messages.alter_client_quotas import EntryData, EntryResult
    from ottla.protocol.messages.alter_partition import AlterPartitionRequest, TopicState
    from ottla.protocol.messages.alter_partition_reassignments import (
        ReassignableTopic,
        ReassignableTopicResponse,
    )
    from ottla.protocol.messages.alter_user_scram_credentials import (
        AlterUserScramCredentialsResult,
        ScramCredentialDeletion,
        ScramCredentialUpsertion,
    )
    from ottla.protocol.messages.assign_replicas_to_dirs import (
        AssignReplicasToDirsRequest,
        DirectoryAssignment,
    )
    from ottla.protocol.messages.elect_leaders import ReplicaElectionResult, TopicPartitions
    from ottla.protocol.messages.update_features import FeatureUpdateKey

logger = logging.getLogger("ottla.controller")

T = TypeVar("T")

ANY_REPLICATION_FACTOR = -1
"""Asks for that of the configuration."""

QUEUE_LIMIT = 10_000
"""Commands that may wait behind a slow disk. Each is the only request under way of a connection, or an automatic
creation, of which there is one for a name."""


class Controller:
    """The active controller of the single-node cluster."""

    def __init__(
        self,
        log: MetadataLog,
        publisher: ImagePublisher,
        clock: Clock,
        tasks: Tasks,
        config: Callable[[], BrokerConfig],
        cluster_id: str,
    ) -> None:
        self._log = log
        self._publisher = publisher
        self._tasks = tasks
        self._config = config
        self._cluster_id = cluster_id
        self._node_id = config().node_id
        self._machine: ControllerMachine | None = None
        self._creating: dict[str, Completion[None]] = {}
        self._snapshot_timer: Timer | None = None
        self._is_starting = True
        self._shell: MachineShell[Command, LogEntry] = MachineShell(
            "the metadata controller",
            self._new_machine,
            log,
            clock,
            tasks,
            queue_limit=QUEUE_LIMIT,
            errors=ShellErrors(
                loading=ErrorCode.NOT_CONTROLLER,
                closed=ErrorCode.NOT_CONTROLLER,
                overloaded=ErrorCode.REQUEST_TIMED_OUT,
                append_failed=_append_failed,
            ),
            after_replay=self._publish,
        )

    @property
    def is_active(self) -> bool:
        """Whether changes are made now: not while the machine is loaded anew after a failure of the disk."""
        return self._shell.is_active

    @property
    def image(self) -> ClusterImage:
        """The newest published image."""
        return self._publisher.image

    def load(self, bootstrap_records: list[MetadataRecord]) -> Completion[None]:
        """Replay the log and publish its image; an empty log gets its first records.

        Fails with InconsistentMetadataError where the log cannot be understood, or needs a newer broker.
        """
        loaded: Completion[None] = Completion()

        def bootstrap(done: Completion[None]) -> None:
            if done.error is not None:
                loaded.fail(done.error)
            else:
                command = self._submit(lambda reply_to: Bootstrap(bootstrap_records, reply_to))
                command.map(lambda _: check_metadata_version(self.image)).on_done(loaded.take)

        self._shell.load().on_done(bootstrap)
        return loaded

    def register(self, node: NodeRegistration) -> Completion[int]:
        """Register this start of the node as controller and, fenced, as broker; the result is its broker epoch.

        A broker that stopped without a word is fenced first, as Kafka does once its session has expired.
        """
        self._submit(lambda reply_to: RegisterController(node, reply_to))
        self._submit(lambda reply_to: FenceBroker(node.node_id, reply_to))
        return self._submit(lambda reply_to: RegisterBroker(node, reply_to))

    def unfence(self) -> Completion[None]:
        """Let this broker lead its partitions, once everything else is ready for clients."""
        unfenced = self._submit(lambda reply_to: UnfenceBroker(self._node_id, reply_to))
        unfenced.on_done(self._started)
        return unfenced

    def begin_controlled_shutdown(self) -> Completion[None]:
        """Take the leadership from this broker, which is about to stop."""
        return self._submit(lambda reply_to: BeginControlledShutdown(self._node_id, reply_to))

    def fence(self) -> Completion[None]:
        """End this broker's registration as a live one; its last command."""
        return self._submit(lambda reply_to: FenceBroker(self._node_id, reply_to))

    def close(self) -> None:
        """Refuse further commands and close the log. Raises OSError."""
        if self._snapshot_timer is not None:
            self._snapshot_timer.cancel()
        self._shell.close(KafkaError(ErrorCode.NOT_CONTROLLER))
        self._log.close()

    def create_topics(
        self, topics: list[CreatableTopic], *, validate_only: bool, timeout_ms: int
    ) -> Completion[list[CreatableTopicResult]]:
        """Create topics; one result for every name. Fails with KafkaError."""
        created = self._submit_within(
            timeout_ms if create_topics_plan.acceptable_topics(topics) else None,
            lambda reply_to: CreateTopics(topics, validate_only, reply_to),
        )
        return created if validate_only else created.map(partial(self._tell_of_fewer_replicas, topics))

    def delete_topics(
        self, topics: list[DeleteTopicState], *, timeout_ms: int
    ) -> Completion[list[DeletableTopicResult]]:
        """Delete topics named by name or id; one result for each. Fails with KafkaError."""
        return self._submit_within(
            timeout_ms if delete_topics_plan.acceptable_topics(topics) else None,
            lambda reply_to: DeleteTopics(topics, reply_to),
        )

    def create_partitions(
        self, topics: list[CreatePartitionsTopic], *, validate_only: bool, timeout_ms: int
    ) -> Completion[list[CreatePartitionsTopicResult]]:
        """Add partitions to topics; one result for every name. Fails with KafkaError."""
        return self._submit_within(
            timeout_ms if create_partitions_plan.acceptable_topics(topics) else None,
            lambda reply_to: CreatePartitions(topics, validate_only, reply_to),
        )

    def alter_partition_reassignments(
        self, topics: list[ReassignableTopic], *, allow_replication_factor_change: bool, timeout_ms: int
    ) -> Completion[list[ReassignableTopicResponse]]:
        """Move replicas, or take moves back; one result for each partition. Fails with KafkaError."""
        return self._submit_within(
            timeout_ms,
            lambda reply_to: AlterPartitionReassignments(topics, allow_replication_factor_change, reply_to),
        )

    def elect_leaders(
        self, election_type: int, topic_partitions: list[TopicPartitions] | None, *, timeout_ms: int
    ) -> Completion[list[ReplicaElectionResult]]:
        """Elect leaders of some partitions, or with None of all; one result for each. Fails with KafkaError."""
        return self._submit_within(
            timeout_ms, lambda reply_to: ElectLeaders(election_type, topic_partitions, reply_to)
        )

    def alter_configs(
        self, resources: list[AlterConfigsResource], *, validate_only: bool, replace: bool
    ) -> Completion[list[AlterConfigsResourceResponse]]:
        """Change overrides, or replace them; one result for each resource. Fails with KafkaError."""
        return self._submit(lambda reply_to: AlterConfigs(resources, validate_only, replace, reply_to))

    def update_features(
        self, updates: list[FeatureUpdateKey], *, validate_only: bool
    ) -> Completion[KafkaError | None]:
        """Set levels of features; the result is what refuses all of them. Fails with KafkaError."""
        kraft_version = self._log.kraft_version
        return self._submit(lambda reply_to: UpdateFeatures(updates, kraft_version, validate_only, reply_to))

    def unregister_broker(self, broker_id: int) -> Completion[None]:
        """Forget a broker of another node. Fails with KafkaError."""
        return self._submit(lambda reply_to: UnregisterBroker(broker_id, reply_to))

    def alter_partition(self, request: AlterPartitionRequest) -> Completion[list[TopicState]]:
        """Change in-sync replicas as their leader wants. Fails with KafkaError."""
        return self._submit(lambda reply_to: AlterPartition(request, reply_to))

    def assign_directories(
        self, request: AssignReplicasToDirsRequest
    ) -> Completion[list[DirectoryAssignment]]:
        """Note in which directories a broker has its replicas. Fails with KafkaError."""
        return self._submit(lambda reply_to: AssignDirectories(request, reply_to))

    def alter_client_quotas(
        self, entries: list[EntryData], unknown_hosts: frozenset[str], *, validate_only: bool
    ) -> Completion[list[EntryResult]]:
        """Change quotas; one result for each entity. Fails with KafkaError.

        `unknown_hosts` are the names among the addresses that cannot be resolved.
        """
        return self._submit(
            lambda reply_to: AlterClientQuotas(entries, unknown_hosts, validate_only, reply_to)
        )

    def alter_scram_credentials(
        self, deletions: list[ScramCredentialDeletion], upsertions: list[ScramCredentialUpsertion]
    ) -> Completion[list[AlterUserScramCredentialsResult]]:
        """Change SCRAM credentials; one result for each user. Fails with KafkaError."""
        return self._submit(lambda reply_to: AlterScramCredentials(deletions, upsertions, reply_to))

    def allocate_producer_ids(self) -> Completion[ProducerIdBlock]:
        """Hand out the next block of producer ids. Fails with KafkaError."""
        block: Completion[range] = self._submit(AllocateProducerIds)
        return block.map(lambda ids: ProducerIdBlock(ids.start, len(ids)))

    def create_topics_automatically(self, names: Iterable[str]) -> None:
        """Create topics that a client asked for, with the broker's defaults; nobody waits for them.

        They are created in one change, in which names that would collide with each other do not, as with Kafka.
        """
        topics = []
        for name in names:
            if name in INTERNAL_TOPICS:
                self.ensure_internal_topic(name)
            elif name not in self._creating:
                topics.append(CreatableTopic(name=name, num_partitions=-1, replication_factor=-1))
        if topics:
            self._create_once(topics)

    def ensure_internal_topic(self, name: str) -> Completion[None]:
        """Create an internal topic unless it is there; done when it is. Fails with KafkaError.

        Its replication factor is at most the number of brokers: Kafka would refuse the configured one, and its
        clients would wait for ever.
        """
        if name in self.image.topics.by_name:
            return Completion.resolved(None)
        if name in self._creating:
            return self._creating[name]
        topic, wanted_factor = internal_topic(
            name, self._config(), broker_count=len(self.image.brokers.by_id)
        )
        if wanted_factor != topic.replication_factor:
            logger.info(
                "Creating %s with replication factor %d instead of %d: there are no more brokers",
                name,
                topic.replication_factor,
                wanted_factor,
            )
        self._create_once([topic])
        return self._creating[name]

    def _create_once(self, topics: list[CreatableTopic]) -> None:
        """Create topics, which are in `_creating` until that is done."""
        submitted: Completion[list[CreatableTopicResult]] = self._submit(
            lambda reply_to: CreateTopics(topics, False, reply_to)
        )
        told = submitted.map(partial(self._tell_of_fewer_replicas, topics))
        refusals = told.map(_refusals)
        forgotten: Completion[dict[str, KafkaError]] = Completion()
        for topic in topics:
            self._creating[topic.name] = forgotten.map(partial(_require_created, topic.name))
        refusals.on_done(partial(self._created, [topic.name for topic in topics], forgotten))

    def _tell_of_fewer_replicas(
        self, topics: list[CreatableTopic], results: list[CreatableTopicResult]
    ) -> list[CreatableTopicResult]:
        """Tell which topics got fewer replicas than the configuration says, since there are no more brokers."""
        wanted_factor = self._config().default_replication_factor
        open_names = {
            each.name
            for each in topics
            if each.replication_factor == ANY_REPLICATION_FACTOR and not each.assignments
        }
        fewer = [
            each
            for each in results
            if each.name in open_names
            and each.error_code == ErrorCode.NONE
            and each.replication_factor < wanted_factor
        ]
        if fewer:
            logger.info(
                "Created with replication factor %d instead of %d, there are no more brokers: %s",
                fewer[0].replication_factor,
                wanted_factor,
                shortened([each.name for each in fewer]),
            )
        return results

    def _created(
        self,
        names: list[str],
        forgotten: Completion[dict[str, KafkaError]],
        done: Completion[dict[str, KafkaError]],
    ) -> None:
        """Let topics be asked for again, then tell who waits what has become of them."""
        for name in names:
            del self._creating[name]
        if isinstance(done.error, KafkaError):
            logger.warning("Cannot create %s automatically: %s", shortened(names), done.error)
        elif done.error is not None:
            logger.error("Cannot create %s automatically", shortened(names), exc_info=done.error)
        else:
            for name, refusal in done.result().items():
                logger.warning("Topic %s cannot be created automatically: %s", name, refusal)
        forgotten.take(done)

    def _submit(self, make_command: Callable[[Completion[Any]], Command]) -> Completion[Any]:
        reply_to: Completion[Any] = Completion()
        self._shell.submit(make_command(reply_to))
        return reply_to

    def _submit_within(
        self, timeout_ms: int | None, make_command: Callable[[Completion[Any]], Command]
    ) -> Completion[Any]:
        """Submit a command and give up waiting after a time.

        None is for what the controller need not judge, which Kafka answers without asking it. Without any time nothing
        is done at all. What was begun may still happen after the client has heard of the timeout, as with Kafka.
        """
        if timeout_ms is not None and timeout_ms <= 0:
            return Completion.failed(KafkaError(ErrorCode.REQUEST_TIMED_OUT))
        reply = self._submit(make_command)
        if reply.done or timeout_ms is None:
            return reply
        bounded: Completion[Any] = Completion()
        timer = self._tasks.call_later(
            timeout_ms,
            lambda: None if bounded.done else bounded.fail(KafkaError(ErrorCode.REQUEST_TIMED_OUT)),
        )

        def forward(done: Completion[Any]) -> None:
            timer.cancel()
            if not bounded.done:
                bounded.take(done)

        reply.on_done(forward)
        return bounded

    def _new_machine(self) -> ControllerMachine:
        self._machine = ControllerMachine(self._cluster_id, self._config)
        return self._machine

    def _publish(self) -> None:
        assert self._machine is not None, "a machine was made before anything is replayed"
        image, delta = self._machine.take_image()
        before = self._publisher.image
        if delta.before is not before:
            # A machine that was loaded again has built its image from nothing.
            delta = difference(before, image)
        self._publisher.publish(image, delta)
        self._write_snapshot_when_due()

    def _write_snapshot_when_due(self) -> None:
        """Write one now, or when it is due by its age: nothing else may happen until then.

        Kafka needs no timer, since its controller appends a NoOpRecord twice a second. While the broker starts none is
        written: with ten thousand partitions it takes a tenth of the time that somebody waits for the start.
        """
        if self._is_starting:
            return
        self._log.snapshot_when_due(self.image, self._node_id)
        if self._snapshot_timer is not None:
            return
        due_in_ms = self._log.snapshot_due_in_ms(self.image)
        if due_in_ms is not None:
            self._snapshot_timer = self._tasks.call_later(due_in_ms, self._snapshot_timer_fired)

    def _started(self, unfenced: Completion[None]) -> None:
        if unfenced.error is not None:
            return
        self._is_starting = False
        self._write_snapshot_when_due()

    def _snapshot_timer_fired(self) -> None:
        self._snapshot_timer = None
        self._write_snapshot_when_due()


def _append_failed(error: BaseException) -> KafkaError:
    return KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, f"The metadata log cannot be written: {error}")


def _refusals(results: list[CreatableTopicResult]) -> dict[str, KafkaError]:
    """Return why topics are not there now, by name."""
    codes = {ErrorCode.NONE, ErrorCode.TOPIC_ALREADY_EXISTS}
    return {
        each.name: KafkaError(ErrorCode(each.error_code), each.error_message)
        for each in results
        if each.error_code not in codes
    }


def _require_created(name: str, refusals: dict[str, KafkaError]) -> None:
    if name in refusals:
        raise refusals[name]
