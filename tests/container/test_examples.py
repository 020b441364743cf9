"""The compose files of `docker/compose` that people begin with: each is understood, and its broker comes up healthy.

The images that stand beside the broker cannot be pulled everywhere, so it is brought up alone.
"""

from pathlib import Path

import pytest
import yaml

from tests.container.engine import ROOT, STOP_LIMIT_S, STOPPED_BY_TERM, project
from tests.container.test_compose import RECORDS, consumed, produce

EXAMPLES = sorted((ROOT / "docker" / "compose").glob("*.yaml"))
HOST_PORT = 9092
"""The examples advertise it, so it has to be free for them."""


@pytest.mark.usefixtures("in_long_form")
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_broker_of_an_example_comes_up_healthy(example: Path, image: str, tmp_path: Path) -> None:
    content = yaml.safe_load(example.read_text(encoding="utf-8"))
    assert "ui" in content["services"]
    with project(example, {}) as whole:
        assert yaml.safe_load(whole.compose("config"))["services"].keys() == content["services"].keys()
    broker = {**content["services"]["kafka"], "image": image}
    assert "healthcheck" in broker
    broker.pop("depends_on", None)
    alone = tmp_path / f"{example.stem}.yaml"
    alone.write_text(yaml.safe_dump({**content, "services": {"kafka": broker}}), encoding="utf-8")
    with project(alone, {}) as made:
        made.compose("up", "-d")
        made.wait_until_ready("kafka")
        assert made.state("kafka")["Health"]["Status"] == "healthy"
        produce(HOST_PORT)
        assert consumed(HOST_PORT) == RECORDS
        made.compose("stop", "--timeout", str(STOP_LIMIT_S))
        assert made.state("kafka")["ExitCode"] == STOPPED_BY_TERM
