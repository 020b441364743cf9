"""What each image makes of an environment: the same properties here, or the same refusal."""

from pathlib import Path

import pytest

from ottla.container.bitnami import format_arguments
from ottla.container.console import RefusedError
from tests.container.environment_table import Row, lay_out, rows, translate

ROWS = {table: rows(table) for table in ("apache", "bitnami", "confluent", "confluent_local")}
CASES = [
    pytest.param(table, row, id=f"{table}: {row.says}") for table, found in ROWS.items() for row in found
]


@pytest.mark.parametrize(("table", "row"), CASES)
def test_an_environment_comes_to_what_the_image_makes_of_it(table: str, row: Row, tmp_path: Path) -> None:
    files = lay_out(row, tmp_path)
    if row.refused:
        with pytest.raises(RefusedError) as refused:
            translate(table, row, files)
        assert str(refused.value) == "\n".join(row.refused)
        return
    translated = translate(table, row, files)
    assert translated.properties == row.properties
    if row.said is not None:
        assert row.said in translated.said
    if row.arguments is not None:
        found = format_arguments(translated.configuration.environment, translated.properties)
        assert tuple(found) == row.arguments


def test_the_tables_hold_about_a_hundred_environments_for_each_image() -> None:
    sizes = {table: len(found) for table, found in ROWS.items()}
    assert all(sizes[table] >= 95 for table in ("apache", "bitnami", "confluent")), sizes
