"""What every registered model keeps to; a new file in engine/anomaly/models is picked up here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.anomaly.artefacts import pack, unpack, version_of
from engine.anomaly.cards import card_of
from engine.anomaly.frame import ENTITY, EVENTS, PEER, TIME, Fitted, Model, NotEnoughDataError, Scores, State, total
from engine.anomaly.registry import all_models
from engine.attack import tactics, techniques
from engine.store.columns import type_of
from playbooks.loader import load_library

MODELS = all_models()
each = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
few = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


@dataclass(frozen=True)
class Case:
    """A model fitted to its sample, and rows to score: ordinary ones it has not seen, and its attacks."""

    fitted: Fitted
    normal: pa.Table
    rows: pa.Table
    scores: Scores


@cache
def case(name: str) -> Case:
    model = next(item for item in MODELS if item.name == name)
    fitted = model.fit(model.observe(model.sample(seed=1, count=1500)), seed=7)
    normal = model.observe(model.sample(seed=2, count=400))
    attacks = model.attacks(normal, seed=3).select(normal.column_names).cast(normal.schema)
    rows = pa.concat_tables([normal, attacks])
    return Case(fitted=fitted, normal=normal, rows=rows, scores=fitted.score(rows))


def test_names_differ() -> None:

    assert len({model.name for model in MODELS}) == len(MODELS)


@each
def test_observations_have_the_columns_of_the_frame(model: Model) -> None:
    rows = case(model.name).rows
    assert {TIME, ENTITY, PEER, EVENTS} <= set(rows.column_names)
    assert rows.num_rows > 0
    assert rows.column(TIME).null_count == 0
    assert all(rows.column(EVENTS).to_pylist())  # an alert has to rest on events


@each
@few
@given(data=st.data())
def test_a_score_has_the_same_bits_in_any_batch_order_and_split(model: Model, data: st.DataObject) -> None:
    found = case(model.name)
    count = found.rows.num_rows
    order = np.array(data.draw(st.permutations(range(count))) if count < 60 else _shuffled(count, data), dtype=np.int64)
    cuts = sorted(data.draw(st.lists(st.integers(0, count), max_size=4)))
    parts = [found.rows.take(part) for part in np.split(order, cuts)]
    values = np.concatenate([found.fitted.score(part).values for part in parts])
    states = np.concatenate([found.fitted.score(part).states for part in parts])
    assert values.tobytes() == found.scores.values[order].tobytes()
    assert states.tobytes() == found.scores.states[order].tobytes()


def _shuffled(count: int, data: st.DataObject) -> list[int]:
    return np.random.default_rng(data.draw(st.integers(0, 2**32 - 1))).permutation(count).tolist()


@each
def test_repeating_an_observation_does_not_change_its_score(model: Model) -> None:
    found = case(model.name)
    last = found.rows.num_rows - 1
    again = found.fitted.score(found.rows.take([last] * 500))
    assert {again.values.tobytes()[i : i + 8] for i in range(0, 4000, 8)} == {found.scores.values[last].tobytes()}


@each
def test_the_terms_sum_to_the_score(model: Model) -> None:
    found = case(model.name)
    for row in range(found.rows.num_rows):
        terms = found.fitted.explain(found.rows, row)
        assert abs(total(terms) - found.scores.values[row]) <= 1e-9, (row, terms)
        if found.scores.states[row] == State.LEARNING:
            assert found.scores.values[row] == 0.0
            assert not terms


@each
def test_values_are_numbers_and_every_term_has_a_name(model: Model) -> None:
    found = case(model.name)
    assert np.isfinite(found.scores.values).all()
    assert found.scores.values.dtype == np.float64
    assert found.scores.states.dtype == np.uint8
    for row in range(0, found.rows.num_rows, 7):
        assert all(term.name and np.isfinite(term.bits) for term in found.fitted.explain(found.rows, row))


@each
def test_a_model_comes_back_from_its_artefact_with_the_same_bits(model: Model) -> None:
    found = case(model.name)
    parts = pack(found.fitted.content())
    restored = model.restore(unpack(parts))
    assert restored.score(found.rows).values.tobytes() == found.scores.values.tobytes()
    assert pack(restored.content()) == parts


@each
def test_the_same_rows_and_seed_give_the_same_model(model: Model) -> None:
    again = model.fit(model.observe(model.sample(seed=1, count=1500)), seed=7)
    assert version_of(pack(again.content())) == version_of(pack(case(model.name).fitted.content()))


@each
def test_attacks_of_the_pack_stand_out(model: Model) -> None:
    found = case(model.name)
    split = found.normal.num_rows
    ordinary, attacks = found.scores.values[:split], found.scores.values[split:]
    level = np.quantile(ordinary, 0.99)
    assert (attacks > level).mean() >= 0.8, (level, sorted(attacks)[:10])


@each
def test_too_little_is_told_and_nothing_is_made_of_nothing(model: Model) -> None:
    nothing = model.observe(_empty(model))
    assert nothing.num_rows == 0
    with pytest.raises(NotEnoughDataError):
        model.fit(nothing, seed=1)
    fitted = case(model.name).fitted
    assert fitted.score(case(model.name).rows.slice(0, 0)).values.shape == (0,)


@each
def test_events_of_other_sources_give_no_observation(model: Model) -> None:
    strange = pa.table({"event.id": ["a", "b"], TIME: pa.array([0, 1], type=pa.timestamp("us", "UTC"))})
    assert model.observe(strange).num_rows == 0


@each
def test_dictionaries_and_plain_columns_give_the_same_observations(model: Model) -> None:
    events = model.sample(seed=4, count=200)
    plain = pa.table({name: _plain(events.column(name)) for name in events.column_names})
    encoded = pa.table({name: _encoded(plain.column(name)) for name in plain.column_names})
    assert model.observe(plain).equals(model.observe(encoded))


@each
def test_the_card_names_playbooks_and_techniques_that_exist(model: Model) -> None:
    card = card_of(model.name)
    assert card.name == model.name
    assert techniques(card.tags)
    assert tactics(card.tags)
    assert card.playbooks
    assert all(name in load_library() for name in card.playbooks)
    assert card.features
    assert card.failures
    for words in (card.title, card.purpose, card.data, *card.features, *card.failures, *card.fairness):
        assert words.en != words.sq


def _empty(model: Model) -> pa.Table:
    return pa.schema(
        [(name, type_of(name)) for name in dict.fromkeys(("event.id", TIME, *model.columns))]
    ).empty_table()


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _encoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.dictionary_encode() if pa.types.is_string(column.type) else column
