"""The APIs that are said to be served have handlers, and no others."""

import importlib

from ottla.handlers.registry import HANDLERS
from ottla.protocol.api import APIS, request_class, response_class


def test_the_registry_is_the_served_rows_of_the_api_table() -> None:
    assert dict(HANDLERS) == {api.key: api.module for api in APIS.values() if api.served}


def test_every_served_api_has_its_handler_and_its_messages() -> None:
    for key, module in HANDLERS.items():
        assert callable(importlib.import_module(f"ottla.handlers.{module}").handle)
        assert request_class(key).__name__ == f"{APIS[key].name}Request"
        assert response_class(key).__name__ == f"{APIS[key].name}Response"
