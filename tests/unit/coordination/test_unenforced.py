from __future__ import annotations

import logging

import pytest

from ottla.coordination.unenforced import UnenforcedQuotas
from ottla.metadata.image import EMPTY, apply_records
from ottla.metadata.records import ClientQuotaRecord, EntityData, NoOpRecord


def test_quotas_are_warned_of_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "ottla.controller")
    quotas = UnenforcedQuotas()
    image, delta = apply_records(EMPTY, [NoOpRecord()])
    quotas.on_image(image, delta)
    assert caplog.messages == []
    for user in ("a", "b"):
        entity = [EntityData(entity_type="user", entity_name=user)]
        image, delta = apply_records(
            image, [ClientQuotaRecord(entity=entity, key="request_percentage", value=1)]
        )
        quotas.on_image(image, delta)
    assert caplog.messages == [
        "Client quotas are set; they are stored, but this broker does not enforce them"
    ]
