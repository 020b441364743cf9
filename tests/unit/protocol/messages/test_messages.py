"""What holds for the message modules as a whole; what each says is compared with Kafka in the golden tests."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from pathlib import Path

import pytest

import ottla.protocol.messages
from ottla.wire.compiler import decode, encode
from ottla.wire.schema import MessageSchema, message_schema_of

PACKAGE = ottla.protocol.messages.__name__
MODULES = sorted(found.name for found in pkgutil.iter_modules(ottla.protocol.messages.__path__))
ALLOWED_IMPORTS = {"__future__", "collections.abc", "ottla.types", "ottla.wire.schema"}


def messages_of(module: str) -> list[type]:
    members = vars(importlib.import_module(f"{PACKAGE}.{module}")).values()
    return [
        member for member in members if isinstance(getattr(member, "__wire_schema__", None), MessageSchema)
    ]


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_no_other_one_so_that_each_loads_alone(module):
    path = Path(next(iter(ottla.protocol.messages.__path__)), f"{module}.py")
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    assert not any(isinstance(node, ast.Import) for node in nodes)
    assert {node.module for node in nodes if isinstance(node, ast.ImportFrom)} <= ALLOWED_IMPORTS


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_the_request_and_the_response_of_its_api(module):
    api = "".join(word.capitalize() for word in module.split("_"))
    request, response = messages_of(module)
    assert [request.__name__, response.__name__] == [f"{api}Request", f"{api}Response"]
    for attribute in ("key", "versions", "flexible"):
        assert getattr(message_schema_of(request), attribute) == getattr(
            message_schema_of(response), attribute
        )


@pytest.mark.parametrize("module", MODULES)
def test_a_message_of_defaults_survives_every_version(module):
    for message in messages_of(module):
        for version in message_schema_of(message).versions:
            written = encode(message(), version)
            assert decode(message, version, written) == (message(), len(written))
