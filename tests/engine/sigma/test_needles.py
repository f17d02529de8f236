"""Needles: no text of which a predicate is true is passed over."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.sigma import needles
from engine.sigma.matching import ValueTester
from engine.sigma.needles import Needles, SharedNeedles, fits_a_glance
from engine.sigma.predicates import MANY, ONE, Predicate

PIECE = st.text(st.sampled_from('abkKsi\u00e9\\"-'), min_size=1, max_size=5)
PREDICATE = st.one_of(
    st.builds(lambda value: Predicate("", "contains", value.lower()), PIECE),
    st.builds(lambda value: Predicate("", "eq", value.lower()), PIECE),
    st.builds(lambda a, b: Predicate("", "glob", f"{MANY}{a}{ONE}{b}{MANY}".lower()), PIECE, PIECE),
    st.builds(lambda value: Predicate("", "contains", value, cased=True), PIECE),
    st.sampled_from([Predicate("", "re", "(?i)kiss"), Predicate("", "re", "ab+k"), Predicate("", "exists", "")]),
)
TEXT = st.text(st.sampled_from('abkKsSiI\u212a\u0130\u017f\u00c9\u00e9\\"- \n'), max_size=12)


@settings(max_examples=200, deadline=None)
@given(st.lists(PREDICATE, max_size=5), st.lists(TEXT, max_size=8), st.integers(0, 3))
@example([Predicate("", "contains", "kiss")], ["x", "\u212ai\u017fs", "KISS", "ki", "ss"], 1)
@example([Predicate("", "contains", "ab"), Predicate("", "contains", "bk")], ["a", "bk"], 0)
def test_nothing_is_passed_over(predicates: list[Predicate], texts: list[str], skipped: int) -> None:
    tester = ValueTester(enumerate(predicates))
    array = pa.array(["ab" for _ in range(skipped)] + texts, pa.string()).slice(skipped)
    touched = set(Needles(predicates).touched(array).tolist())
    plain = tester.test("\x01")
    for place, text in enumerate(texts):
        if place not in touched:
            assert tester.test(text) == plain


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(PREDICATE, min_size=1, max_size=4), min_size=1, max_size=6), st.lists(TEXT, max_size=8))
def test_shared_needles_find_what_each_of_them_finds(parts: list[list[Predicate]], texts: list[str]) -> None:
    fitting = [part for part in parts if fits_a_glance(part)]
    if fitting:
        array = pa.array(texts, pa.string())
        shared = set(SharedNeedles({item for part in fitting for item in part}).touched(array).tolist())
        tester = ValueTester(enumerate(item for part in fitting for item in part))
        plain = tester.test("\x01")
        assert shared >= {place for place, text in enumerate(texts) if tester.test(text) != plain}


def test_many_words_are_few_glances() -> None:
    words = [f"word{number}-{letter}{letter}{letter}" for number, letter in enumerate("abcdefghijklmnop")]
    needles = SharedNeedles([Predicate("", "contains", word) for word in words])
    assert all(each._glance is not None for each in needles._needles)
    assert len(needles._needles) < len(words)
    assert needles.touched(pa.array(["x", *map(str.upper, words), "word"])).tolist() == list(range(1, 17))


def test_only_what_may_match_is_touched() -> None:
    needles = Needles([Predicate("", "contains", "mimikatz"), Predicate("", "glob", f"{MANY}a{MANY}rootkit{MANY}")])
    texts = ["nothing"] * 1000 + ["a MimiKatz"] + [""] * 3 + ["", "RootKit", "root", "other", "kit"]
    assert needles.usable
    assert needles.touched(pa.array(texts)).tolist() == [1000, 1005]


def test_texts_that_look_like_one_together_are_touched() -> None:
    needles = Needles([Predicate("", "contains", f"{letter}rootkit") for letter in "abcdefghijklmnopqrstuvwxyz"])
    assert needles.touched(pa.array(["other", "A", "RootKit", "x aRootKit"])).tolist() == [1, 2, 3]


def test_escaped_text_needs_no_backslash() -> None:
    needles = Needles([Predicate("", "contains", '\\pipe\\"x')], escaped=True)
    assert needles.touched(pa.array(['C:\\\\pipe\\\\\\"x', "x"])).tolist() == [0]


def test_a_predicate_without_text_asks_for_everything() -> None:
    needles = Needles([Predicate("", "re", ".{3}"), Predicate("", "contains", "abc")])
    assert not needles.usable
    assert np.array_equal(needles.touched(pa.array(["a", "b"])), [0, 1])


def test_grouping_many_words_looks_at_each_word_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Predicate] = []
    piece = needles._piece
    monkeypatch.setattr(needles, "_piece", lambda item, run: asked.append(item) or piece(item, run))
    words = [Predicate("", "contains", f"{number:03}-word") for number in range(300)]
    groups = needles._groups(words)
    assert len(asked) == len(words)
    assert sorted(item for group in groups for item in group) == words
    assert all(fits_a_glance(group) for group in groups)


@settings(max_examples=100, deadline=None)
@given(
    texts=st.lists(st.text(st.sampled_from("ab-kK\u212a \u00e9"), max_size=300), max_size=30),
    place=st.integers(0, 30),
    word=st.sampled_from(["kab-bak", "KAB-bak", "\u212aab-ba\u212a", "kAb-BaK"]),
)
def test_a_word_is_found_among_others_that_look_like_it(texts: list[str], place: int, word: str) -> None:
    needles = Needles([Predicate("", "contains", "kab-bak")])
    place = min(place, len(texts))
    texts.insert(place, f"{'-b' * 40}{word}{'ab-' * 40}")
    assert place in needles.touched(pa.array(texts))


def test_what_lies_far_from_a_glance_is_not_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    needles = Needles([Predicate("", "contains", "kab-bak")])
    searched: list[int] = []
    search = Needles._search
    monkeypatch.setattr(Needles, "_search", lambda self, part: searched.append(len(part)) or search(self, part))
    texts = ["x" * 100_000, f"{'x' * 100_000}b-b{'x' * 100_000}", "KAB-BAK" + "x" * 100_000]
    assert needles.touched(pa.array(texts)).tolist() == [2]
    assert sum(searched) < 1000
