"""The image under test, built once."""

import pytest

from tests.container.engine import built_image, require_engine


@pytest.fixture(scope="session")
def image() -> str:
    """Give the name of the image; without a Docker engine the test is skipped and says so."""
    require_engine()
    return built_image()
