"""BrokerRegistration (62), v0-4: this cluster has one broker, and registers it itself (KIP-631).

What is wrong with a registration in itself is answered as Kafka's `ClusterControlManager` does. A sound one of another
node is refused as invalid, which is the one answer that such a broker's log calls by that name.
"""

from __future__ import annotations

import logging

from ottla.errors import ErrorCode
from ottla.handlers.context import RequestContext
from ottla.metadata.aspects.features import METADATA_VERSION
from ottla.metadata.image import ClusterImage
from ottla.metadata.record_versions import DIRECTORY_ASSIGNMENT_SINCE
from ottla.protocol.messages.broker_registration import (
    BrokerRegistrationRequest,
    BrokerRegistrationResponse,
)
from ottla.types import is_reserved_uuid

logger = logging.getLogger("ottla.controller")


def handle(request: BrokerRegistrationRequest, context: RequestContext) -> BrokerRegistrationResponse:
    """Refuse a registration, and say why in the log: the answer has no room for words."""
    code, reason = _refusal(request, context)
    logger.warning(
        "Refused the registration of broker %d from %s: %s", request.broker_id, context.client_host, reason
    )
    return BrokerRegistrationResponse(error_code=code)


def _refusal(request: BrokerRegistrationRequest, context: RequestContext) -> tuple[ErrorCode, str]:
    services = context.services
    if request.cluster_id != services.cluster_id:
        return (
            ErrorCode.INCONSISTENT_CLUSTER_ID,
            f"Expected cluster ID {services.cluster_id}, but got cluster ID {request.cluster_id}",
        )
    image = services.image()
    known = image.brokers.by_id.get(request.broker_id)
    is_own_id = request.broker_id == services.node_id
    if is_own_id and (known is None or known.incarnation_id != request.incarnation_id):
        return ErrorCode.DUPLICATE_BROKER_REGISTRATION, "this node has that id itself"
    if request.is_migrating_zk_broker:
        return ErrorCode.BROKER_ID_NOT_REGISTERED, "Controller does not support registering ZK brokers."
    if image.features.metadata_version >= DIRECTORY_ASSIGNMENT_SINCE:
        reason = _refused_directories(request, image)
        if reason is not None:
            return ErrorCode.INVALID_REGISTRATION, reason
    return _refused_features(request, image) or (
        ErrorCode.INVALID_REGISTRATION,
        "this cluster has one node only; brokers of other nodes are not supported",
    )


def _refused_directories(request: BrokerRegistrationRequest, image: ClusterImage) -> str | None:
    if not request.log_dirs:
        return "No directories specified in request"
    if any(is_reserved_uuid(directory) for directory in request.log_dirs):
        return "Reserved directory ID in request"
    if len(set(request.log_dirs)) != len(request.log_dirs):
        return "Duplicate directory ID in request"
    for broker in image.brokers.by_id.values():
        if broker.node_id != request.broker_id and set(broker.log_dirs) & set(request.log_dirs):
            return f"Broker {broker.node_id} is already registered with one of the directories"
    return None


def _refused_features(
    request: BrokerRegistrationRequest, image: ClusterImage
) -> tuple[ErrorCode, str] | None:
    """Return what a broker is refused with that cannot serve the finalized level of a feature."""
    ranges = {
        feature.name: (feature.min_supported_version, feature.max_supported_version)
        for feature in request.features
    }
    levels = dict.fromkeys(ranges, 0) | dict(image.features.levels)
    for name, (lowest, highest) in ranges.items():
        if not lowest <= levels[name] <= highest:
            return ErrorCode.UNSUPPORTED_VERSION, _unsupported(name, levels[name], lowest, highest)
    if METADATA_VERSION not in ranges:
        return ErrorCode.INVALID_REGISTRATION, f"Request features do not contain '{METADATA_VERSION}'"
    for name, level in levels.items():
        if name not in ranges:
            return ErrorCode.UNSUPPORTED_VERSION, _unsupported(name, level, 0, 0)
    return None


def _unsupported(name: str, level: int, lowest: int, highest: int) -> str:
    return (
        f"Unable to register because the broker does not support finalized version {level} of {name}. The broker "
        f"wants a version between {lowest} and {highest}, inclusive."
    )
