import pytest
from tests.benchmarks.compare.__main__ import chosen_cells, options_from
from tests.benchmarks.compare.cells import CELLS


def test_names_of_cells_are_unlike_and_every_cell_has_figures_of_different_names() -> None:
    assert len({cell.name for cell in CELLS}) == len(CELLS)
    for cell in CELLS:
        names = [figure.name for figure in cell.figures]
        assert names
        assert len(set(names)) == len(names), cell.name


def test_quick_takes_few_cells_and_chosen_ones_come_in_the_order_of_the_table() -> None:
    quick = {cell.name for cell in chosen_cells(None, quick=True)}
    expected = {
        "producer-100B",
        "producer-1KiB",
        "producer-10KiB",
        "consumer-hot",
        "one-in-flight",
        "start",
        "memory",
    }
    assert quick == expected
    assert [cell.name for cell in chosen_cells(["start", "producer-100B"], quick=False)] == [
        "producer-100B",
        "start",
    ]
    assert chosen_cells(None, quick=False) == list(CELLS)


def test_what_is_given_goes_before_what_quick_means() -> None:
    assert (options_from([]).rounds, options_from(["--quick"]).rounds) == (5, 3)
    options = options_from(["--quick", "--rounds", "1", "--warm-up", "0"])
    assert (options.rounds, options.warm_up, options.scale) == (1, 0.0, options_from(["--quick"]).scale)


WRONG = (
    ["--cell", "none-such"],
    ["--rounds", "0"],
    ["--scale", "0"],
    ["--warm-up", "-1"],
    ["--json", "no/such/folder/file"],
    ["--work", "no/such/folder"],
)


@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_be_meant_is_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        options_from(wrong)
    assert ended.value.code == 2
    assert capsys.readouterr().err
