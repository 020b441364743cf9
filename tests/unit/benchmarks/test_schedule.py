from tests.benchmarks.compare.brokers import KAFKA, OTTLA
from tests.benchmarks.compare.cell import Cell, Phase
from tests.benchmarks.compare.schedule import sessions, steps


def cell(name: str, session: str, *phases: Phase) -> Cell:
    return Cell(name, "", session, lambda _: {}, (), phases or (Phase.COLD, Phase.WARM))


A, B = cell("a", "one"), cell("b", "one")
C = cell("c", "two")
START = cell("start", "start", Phase.NEW)


def test_the_brokers_change_their_order_from_round_to_round() -> None:
    taken = [(step.round_number, step.kind) for step in steps([START], 3)]
    assert taken == [(0, KAFKA), (0, OTTLA), (1, OTTLA), (1, KAFKA), (2, KAFKA), (2, OTTLA)]


def test_a_cold_broker_is_for_one_cell_and_a_warm_one_for_a_session() -> None:
    taken = [
        (step.phase, [each.name for each in step.cells]) for step in steps([A, B, C], 1) if step.kind == OTTLA
    ]
    assert taken == [
        (Phase.COLD, ["a"]),
        (Phase.COLD, ["b"]),
        (Phase.WARM, ["a", "b"]),
        (Phase.COLD, ["c"]),
        (Phase.WARM, ["c"]),
    ]


def test_one_session_warms_up_once_and_leaves_out_what_is_never_warm() -> None:
    warm = [step for step in steps([A, START, C], 1, one_session=True) if step.phase is Phase.WARM]
    assert [[each.name for each in step.cells] for step in warm] == [["a", "c"], ["a", "c"]]


def test_sessions_keep_the_order_of_the_table() -> None:
    assert sessions([A, C, B], one_session=False) == [[A, B], [C]]
