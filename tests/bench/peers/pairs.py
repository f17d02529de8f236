"""Which rule matched which event, compared between two engines, and who is right where they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from random import Random

Pair = tuple[str, int]  # a rule's id, and the number of the event's line, from 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Pairs that one side alone has: how many, the most frequent rules, and of a sample why and what the oracle says.

    `right` counts the sampled pairs that the oracle gives to the side that has them.
    """

    count: int
    rules: int
    top: tuple[tuple[str, int], ...]
    sampled: int = 0
    right: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """kulla beside one peer. `basis` says which events both saw, where that is not all of them."""

    peer: str
    agree: int
    only_kulla: Difference
    only_peer: Difference
    basis: str = ""


Judge = Callable[[Pair], tuple[bool, str]]  # (does the rule hold for the event, why the two sides differ)


def differing(kulla: set[Pair], peer: set[Pair], *, sample: int, seed: int = 1) -> tuple[list[Pair], list[Pair]]:
    """Return a sample of the pairs that kulla alone has, and of those that the peer alone has."""
    return _sample(kulla - peer, sample, seed), _sample(peer - kulla, sample, seed)


def _sample(pairs: Iterable[Pair], size: int, seed: int) -> list[Pair]:
    ordered = sorted(pairs)
    return ordered if len(ordered) <= size else sorted(Random(seed).sample(ordered, size))


def compare(
    name: str,
    kulla: set[Pair],
    peer: set[Pair],
    *,
    titles: Mapping[str, str],
    sample: int,
    judge_kulla: Judge,
    judge_peer: Judge,
    basis: str = "",
) -> Comparison:
    """Compare two sets of pairs; the judges look at the samples of `differing`."""
    ours, theirs = differing(kulla, peer, sample=sample)
    return Comparison(
        peer=name,
        agree=len(kulla & peer),
        only_kulla=_difference(kulla - peer, ours, titles, judge_kulla),
        only_peer=_difference(peer - kulla, theirs, titles, judge_peer),
        basis=basis,
    )


def _difference(pairs: set[Pair], sampled: list[Pair], titles: Mapping[str, str], judge: Judge) -> Difference:
    by_rule = Counter(rule for rule, _ in pairs)
    verdicts = [judge(pair) for pair in sampled]
    return Difference(
        count=len(pairs),
        rules=len(by_rule),
        top=tuple((titles.get(rule, rule), count) for rule, count in sorted(by_rule.items(), key=_frequent)[:12]),
        sampled=len(sampled),
        right=sum(holds for holds, _ in verdicts),
        reasons=dict(Counter(reason for _, reason in verdicts).most_common()),
    )


def _frequent(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]
