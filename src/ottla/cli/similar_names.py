"""Which names a mistyped word was probably meant for, as argparse4j suggests them. Pure."""

from __future__ import annotations

from collections.abc import Mapping

_SIMILAR_ENOUGH = 7
"""A name that costs as much or more is not suggested; the costs and this number are those of git's `help.c`."""


def similar_names(word: str, bodies: Mapping[str, str]) -> list[str]:
    """Return the names that are most like a word, where any is; `bodies` are the names without their dashes."""
    costs = {name: 0 if body.startswith(word) else _distance(word, body) for name, body in bodies.items()}
    best = min(costs.values(), default=_SIMILAR_ENOUGH)
    if best >= _SIMILAR_ENOUGH:
        return []
    return sorted(name for name, cost in costs.items() if cost == best)


def _distance(first: str, second: str) -> int:
    """Return the Damerau-Levenshtein distance with the costs swap 0, substitute 2, add 1, delete 4."""
    before: list[int] = []
    above = list(range(len(second) + 1))
    for i, letter in enumerate(first, start=1):
        row = [i]
        for j, other in enumerate(second, start=1):
            cost = above[j - 1] + (0 if letter == other else 2)
            if i > 1 and j > 1 and letter != other and first[i - 2] == other and letter == second[j - 2]:
                cost = min(cost, before[j - 2])
            row.append(min(cost, above[j] + 4, row[j - 1] + 1))
        before, above = above, row
    return above[-1]
