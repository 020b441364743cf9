from pathlib import Path

import pytest

from ottla.cli.configs_options import OPTIONS
from ottla.cli.configs_values import added_configs, deleted_configs, read_added_configs
from ottla.cli.failures import ToolError
from ottla.cli.jopt import parse


def test_brackets_hold_values_with_commas_together() -> None:
    assert read_added_configs("cleanup.policy=[compact,delete], retention.ms = 5,empty=") == {
        "cleanup.policy": "compact,delete",
        "retention.ms": "5",
        "empty": "",
    }


def test_an_equals_sign_within_brackets_is_part_of_the_value() -> None:
    assert read_added_configs("SCRAM-SHA-256=[iterations=8192,password=a b]") == {
        "SCRAM-SHA-256": "iterations=8192,password=a b"
    }


@pytest.mark.parametrize("text", ["a", "a=b=c", "a=b,c"])
def test_a_setting_needs_one_name_and_one_value(text: str) -> None:
    with pytest.raises(ToolError, match="requirement failed: Invalid entity config"):
        read_added_configs(text)


def test_a_file_is_read_as_java_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "a.properties"
    file.write_text("# words\nflush.ms = 5\nretention.bytes: 7\n")
    parsed = parse(OPTIONS, ["--add-config-file", str(file)])
    assert added_configs(parsed) == {"flush.ms": "5", "retention.bytes": "7"}


def test_a_name_with_a_letter_that_no_setting_has_is_refused() -> None:
    with pytest.raises(ToolError, match="Invalid character found for config key: a/b"):
        added_configs(parse(OPTIONS, ["--add-config", "a/b=1"]))


def test_settings_to_take_back_are_split_and_trimmed() -> None:
    assert deleted_configs(parse(OPTIONS, ["--delete-config", "a, b", "--delete-config", "c"])) == [
        "a",
        "b",
        "c",
    ]
    assert deleted_configs(parse(OPTIONS, [])) == []
