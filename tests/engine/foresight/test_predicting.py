"""Foretelling: what was seen is not foretold, reasons hold, and the packaged model says the same each time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.attack.table import table
from engine.errors import ConfigurationError
from engine.foresight.corpus import Corpus, Row, corpus, known
from engine.foresight.model import Past
from engine.foresight.predicting import UNSEEN_TACTICS, Foresight, load, packaged, save
from engine.foresight.training import learn, regression

A, B, C, D, E = "T1003.001", "T1021.001", "T1059.001", "T1486", "T1490"


def _row(number: int, *techniques: str) -> Row:
    return Row(kind="report", id=str(number), name=f"attack {number}", techniques=frozenset(techniques))


def _small() -> Corpus:
    """Return a corpus of two kinds of attack: those that steal and move (A, B, C), and those that destroy (D, E)."""
    rest = [item for item in table().techniques if item.startswith("T15")][:40]
    rows = [_row(n, A, B, C, *rest[n : n + 4]) for n in range(30)]
    rows += [_row(100 + n, D, E, *rest[n + 5 : n + 10]) for n in range(30)]
    return corpus(rows)


@pytest.fixture(scope="module")
def small() -> Foresight:
    whole = _small()
    return Foresight(whole, learn(whole.matrix(), whole.items, random=np.random.default_rng(1)))


def test_what_goes_together_is_foretold_with_the_attacks_behind_it(small: Foresight) -> None:
    first = small.predict([A, B])[0]
    assert first.technique == C
    assert first.probability > 0.5
    assert {A, B} <= set(first.nearest[0].shared)
    assert [(item.technique, item.together, item.of) for item in first.companions] == [(A, 30, 30), (B, 30, 30)]
    assert small.predict([D])[0].technique == E


def test_what_was_seen_is_not_foretold(small: Foresight) -> None:
    assert {A, B}.isdisjoint(item.technique for item in small.predict([A, B], 100))


def test_the_parts_add_up_to_the_probability(small: Foresight) -> None:
    for item in small.predict([A]):
        total = sum(value for _, value in item.parts) + small._weights.bias
        assert item.probability == pytest.approx(1 / (1 + np.exp(-total)))


def test_ids_of_older_versions_are_understood() -> None:
    model = packaged()
    assert model.seen(["T1562.001", "T1086", "T9999"]) == ("T1059.001", "T1685")
    new, old = model.predict(["T1685", "T1059.001"], 5), model.predict(["t1562.001", "T1086"], 5)
    assert new == old


def test_nothing_known_foretells_nothing() -> None:
    assert packaged().predict([]) == []
    assert packaged().predict(["T9999"]) == []


def test_what_leaves_no_trace_is_told_only_when_asked_for() -> None:
    found = packaged().predict(["T1583.001"], 100)
    assert not any(set(item.tactics) <= UNSEEN_TACTICS for item in found)
    assert any(set(item.tactics) <= UNSEEN_TACTICS for item in packaged().predict(["T1583.001"], 100, unseen=True))


def test_every_row_is_a_past_attack_over_techniques_that_there_are() -> None:
    model = packaged()
    assert set(model.corpus.items) <= table().techniques.keys()
    assert len({row.techniques for row in model.corpus.rows}) == len(model.corpus.rows)
    homeland = next(row for row in model.corpus.rows if row.id == "C0038")
    assert (homeland.kind, homeland.name) == ("campaign", "HomeLand Justice")


def test_rows_that_are_left_out_have_no_say() -> None:
    whole = _small()
    past = Past(whole.matrix(), whole.items)
    seen = np.array([whole.items.index(A)])
    out = np.array([A in row.techniques for row in whole.rows])
    assert past.likeness(seen, out).max() == 0


def test_a_model_is_read_as_it_was_written(small: Foresight, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    save(path, small.corpus, small._weights)
    assert load(path).predict([A, D]) == small.predict([A, D])


def test_techniques_that_were_renamed_since_are_known_under_their_new_ids(
    small: Foresight, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.npz"
    save(path, small.corpus, small._weights)
    renamed = {A: D, B: "T1685"}
    before = small.predict([B])
    monkeypatch.setattr("engine.foresight.predicting.canonical", lambda item: renamed.get(item, item))
    after = load(path)
    assert A in after.corpus.items  # it and another one became one: each keeps what it was learned under
    assert [item.probability for item in after.predict([B])] == [item.probability for item in before]


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    path.write_bytes(b"PK nothing")
    with pytest.raises(ConfigurationError):
        load(path)
    np.savez(path, items=np.array([{"a": 1}], dtype=object))  # would have to be unpickled
    with pytest.raises(ConfigurationError):
        load(path)


def test_the_regression_finds_the_shares_it_was_given() -> None:
    random = np.random.default_rng(3)
    features = random.normal(size=(4000, 2))
    truth = 1 / (1 + np.exp(-(features[:, 0] * 1.5 - 1)))
    learned = regression(features, random.random(4000) < truth)
    assert np.abs(learned.probability(features) - truth).mean() < 0.03


def test_techniques_that_attack_has_no_more_are_left_out() -> None:
    assert known(["T1086", "T1059.001", "T9999"]) == {"T1059.001"}
