import pytest

from ottla.config.places import with_places
from ottla.config.setting import Setting
from ottla.config.sources import EMBEDDED_ORIGIN

SETTINGS = {
    "listeners": Setting("x", "f:1"),
    "advertised.listeners": Setting("x", "f:12"),
    "log.dirs": Setting("x", "--data"),
    "node.id": Setting("1", EMBEDDED_ORIGIN),
    "socket.request.max.bytes": Setting("1", "f:3"),
    "queued.max.request.bytes": Setting("1", "OTTLA_QUEUED_MAX_REQUEST_BYTES"),
}


@pytest.mark.parametrize(
    ("text", "placed"),
    [
        ("Each listener must differ, listeners: x", "Each listener must differ, listeners: x (f:1)"),
        ("advertised.listeners is wrong.", "advertised.listeners is wrong. (f:12)"),
        ("advertised.listeners is wrong (f:12)", "advertised.listeners is wrong (f:12)"),
        ("listeners is wrong (f:12)", "listeners is wrong (f:12) (f:1)"),
        ("node.id is wrong", "node.id is wrong"),
        ("log.dirs.more is unknown", "log.dirs.more is unknown"),
        (
            "queued.max.request.bytes must be larger or equal to socket.request.max.bytes",
            (
                "queued.max.request.bytes must be larger or equal to socket.request.max.bytes "
                "(f:3, OTTLA_QUEUED_MAX_REQUEST_BYTES)"
            ),
        ),
    ],
)
def test_the_settings_that_an_error_names_are_placed(text: str, placed: str) -> None:
    assert with_places(text, SETTINGS) == placed
