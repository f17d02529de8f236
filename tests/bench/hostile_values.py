"""What 20 kB of hostile text costs each pattern of a rule set: python -m tests.bench.hostile_values RULES. Worst first.

Each regular expression and wildcard pattern is tested by itself, as the engine tests it, on: one letter repeated,
spaces, digits, nested brackets, alternations of its own characters, and near misses made of its own literal pieces.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from engine.sigma.loader import load_rules
from engine.sigma.matching import ValueTester
from engine.sigma.predicates import MANY, ONE, Predicate

SIZE = 20_000
_FIXED = ("a", " ", "1", "(", "([{", "-a ", "\\", "/", "ab", "ä", "aA1 ")


def texts(item: Predicate) -> Iterator[str]:
    """Yield hostile texts of `SIZE` characters for a pattern."""
    yield from ((piece * SIZE)[:SIZE] for piece in _FIXED)
    separators = f"[{MANY}{ONE}]" if item.operator == "glob" else r"[\\^$.|?*+()\[\]{}]+"
    pieces = [piece for piece in re.split(separators, item.value) if piece]
    for piece in pieces[:8]:
        yield (piece * (SIZE // len(piece) + 1))[:SIZE]
        yield ((piece[:-1] or "x") * SIZE)[:SIZE]  # never quite the piece
    if pieces:
        whole = "".join(pieces)
        yield ((whole[:-1] + "\x00") * (SIZE // len(whole) + 1))[:SIZE]
        middle = "".join(f"{piece}{'a' * 50}" for piece in pieces[:-1])
        if middle:
            yield (middle * (SIZE // len(middle) + 1))[:SIZE]


def slowest(item: Predicate) -> float:
    """Return the seconds that the slowest text costs (the least of two tries of each, after a warm-up)."""
    tester = ValueTester([(0, item)])
    tester.test("warm")
    worst = 0.0
    for text in dict.fromkeys(texts(item)):
        spent = []
        for _ in range(2):
            before = time.process_time()
            tester.test(text)
            spent.append(time.process_time() - before)
        worst = max(worst, min(spent))
    return worst


def main() -> None:
    rules = load_rules([Path(word) for word in sys.argv[1:]])
    items = [item for item in dict.fromkeys(rules.predicates) if item.operator in {"re", "glob"}]
    measured = sorted(((slowest(item), item) for item in items), key=lambda pair: -pair[0])
    for spent, item in measured[:10]:
        print(f"{spent * 1000:7.2f} ms  {item.operator:4}  {item.field}: {str(item)[:90]}")
    over = sum(spent > 0.010 for spent, _ in measured)
    print(f"{len(items):,} patterns, {over} over 10 ms, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
