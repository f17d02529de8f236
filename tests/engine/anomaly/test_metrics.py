"""Every metric of the table is told in both languages, with the same places to fill."""

from __future__ import annotations

import ast
from pathlib import Path
from string import Formatter

from engine.anomaly.cards import Words
from engine.anomaly.evaluation import metrics


def _places(text: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(text)} - {None}


def test_both_languages_have_the_same_places_and_differ() -> None:
    every = {name: words for name, words in vars(metrics).items() if isinstance(words, Words)}
    assert len(every) > 20
    assert [name for name, words in every.items() if _places(words.en) != _places(words.sq)] == []
    assert [name for name, words in every.items() if words.en == words.sq] == ["ROC"]


def test_a_metric_within_another_keeps_its_language() -> None:
    recall = metrics.filled(metrics.RECALL, share="1")
    found = metrics.filled(metrics.OF_FAMILIES, metric=recall)
    assert (found.en, found.sq) == (
        "recall at 1 % false, mean of families",
        "të gjetura me 1 % të rreme, mesatarja e familjeve",
    )


def test_no_metric_takes_the_name_of_another() -> None:
    tree = ast.parse(Path(metrics.__file__).read_text(encoding="utf-8"))
    names = [node.targets[0].id for node in tree.body if isinstance(node, ast.Assign)]  # type: ignore[attr-defined]
    assert len(names) == len(set(names))
