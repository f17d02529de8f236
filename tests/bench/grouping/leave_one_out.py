"""Leave one organisation out: `python -m tests.bench.grouping.leave_one_out [--data DIR]` from the root.

The constants that decide about joining are chosen, from a grid around kulla's own, by the mean F1 of all organisations
but one; the one left out is scored with them, beside kulla's own constants. What the grid does not hold (the design,
the other constants) was settled with all of them in view.
"""

from __future__ import annotations

import argparse
from datetime import timedelta
from itertools import product
from pathlib import Path
from statistics import mean

from engine.incidents import grouping
from engine.incidents.ties import Nature
from tests.bench.grouping.__main__ import DATA, by_kulla
from tests.bench.grouping.measures import measure
from tests.bench.grouping.organisation import Organisation, names, read

Choice = tuple[float, int, float]  # confidence from which alerts join, reach of rarity in minutes, bits worth a level
OWN: Choice = (0.45, 30, 3.0)
GRID: tuple[Choice, ...] = tuple(product((0.35, 0.45, 0.55), (30, 60, 120), (2.0, 3.0, 4.0)))


def score(choice: Choice, organisations: dict[str, Organisation]) -> dict[str, float]:
    """Return each organisation's F1 with these constants."""
    enough, minutes, bits = choice
    grouping.ENOUGH, grouping._BITS_A_LEVEL = enough, bits
    rare = grouping.RARE
    grouping.RARE = Nature(strength=rare.strength, reach=timedelta(minutes=minutes), pace=rare.pace)
    return {name: measure(each, by_kulla(each)).f1 for name, each in organisations.items()}


def main() -> None:
    """Print a line for each organisation left out, and the mean."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=DATA)
    data = parser.parse_args().data
    organisations = {name: read(data, name) for name in names(data)}
    found = {choice: score(choice, organisations) for choice in GRID}
    left: list[float] = []
    for name in organisations:
        others = [other for other in organisations if other != name]
        # the first of the grid's best, and kulla's own among equals: a tie says nothing against them
        best = max(GRID, key=lambda choice: (mean(found[choice][other] for other in others), choice == OWN))
        left.append(found[best][name])
        print(f"{name:<16} chosen on the others {best}: F1 {left[-1]:.3f}; kulla's own {OWN}: {found[OWN][name]:.3f}")
    print(f"mean left out {mean(left):.3f}, kulla's own {mean(found[OWN].values()):.3f}, of {len(GRID)} choices")


if __name__ == "__main__":
    main()
