"""Every metric of the table is told in both languages, with the same places to fill."""

from __future__ import annotations

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
