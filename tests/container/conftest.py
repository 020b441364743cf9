"""The image under test, built once, and what is left to the long form."""

import pytest

from tests.container.engine import built_image, require_engine


@pytest.fixture(scope="session")
def image() -> str:
    """Give the name of the image; without a Docker engine the test is skipped and says so."""
    require_engine()
    return built_image()


@pytest.fixture
def in_long_form(request: pytest.FixtureRequest) -> None:
    """Skip what costs seconds and shows little that is not shown otherwise, unless it was asked for."""
    if not request.config.getoption("--every-compose-file"):
        pytest.skip("only with --every-compose-file")
