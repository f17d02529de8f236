"""Small files are looked at as one block, which says the same as its parts."""

from __future__ import annotations

from functools import partialmethod

import numpy as np
import pytest

from engine.store import rest, walking
from engine.store.columns import _Sheet
from engine.store.values import from_json

MIXED = [
    [{"host.name": "web01", "x": "1"}, {"host.name": "web02", "http.response.status_code": 404}],
    [{"host.name": ["web01", "web02"], "x": 7}, {"y": "only here"}],
    [{"http.response.status_code": "not a number", "x": ["a", "b"]}],
    [{"@timestamp": "no time at all", "event.id": "its own", "event.category": ["web"]}, {}],
]


@pytest.fixture
def batches(store, one):
    """Store fields of many kinds in one small file each; return the events."""
    made = []
    for fields in MIXED:
        batch = [one(each, number=len(made) + place) for place, each in enumerate(fields)]
        store.append(batch, [])
        made += batch
    return made


def rows(block):
    return np.arange(block.rows)


def test_small_files_are_one_block(store, batches) -> None:
    block = next(_held := store.blocks())  # its files are open as long as the walk is
    assert list(block.events(rows(block))) == batches
    assert block.ids(rows(block)) == [item.id for item in batches]
    assert (block.first_sequence, block.last_sequence, block.settled) == (1, 7, 7)
    assert [len(list(part.events(rows(part)))) for part in block.apart()] == [len(fields) for fields in MIXED]


def test_a_few_rows_of_it_are_those_rows(store, batches) -> None:
    block = next(_held := store.blocks())
    chosen = np.array([1, 2, 6])
    assert list(block.events(chosen)) == [batches[row] for row in chosen]
    assert block.ids(chosen) == [batches[row].id for row in chosen]


def test_its_columns_are_those_of_its_parts(store, batches) -> None:
    block = next(_held := store.blocks())
    assert sorted({name for part in block.apart() for name in part.names}) == list(block.names)
    for name in [*block.names, "event.original"]:
        whole = block.read([name])
        parts = [part.read([name]) for part in block.apart()]
        for column in whole.column_names:
            held = [
                value
                for part, table in zip(block.apart(), parts, strict=True)
                for value in (table[column].to_pylist() if column in table.column_names else [None] * part.rows)
            ]
            assert whole[column].to_pylist() == held
        assert set(whole.column_names) == {column for table in parts for column in table.column_names}


@pytest.fixture
def crowded(store, one, monkeypatch):
    """Store fields that have a column in one file and stand in the rest of another; return each field's values."""
    monkeypatch.setattr(_Sheet, "__init__", partialmethod(_Sheet.__init__, budget=4))
    common = {"a": "1", "b": "2", "c": "3", "event.dataset": "sample"}
    fields = [
        {"event.dataset": "sample", "x": "plain", "n": ["1"], "destination.port": 80},
        {**common, "x": "hidden", "n": "one", "destination.port": "many"},
        {**common, "x": ["two", "more"], "destination.port": 443},
        {"event.dataset": "sample", "y": "other"},
    ]
    for place, each in enumerate(fields):
        other = common if "a" in each else {"event.dataset": "sample"}
        store.append([one(each, number=2 * place), one(other, number=2 * place + 1)], [])
    return {
        "x": ["plain", None, "hidden", None, ["two", "more"], None, None, None],
        "n": [["1"], None, "one", None, None, None, None, None],
        "destination.port": [80, None, ["many"], None, 443, None, None, None],
    }


def either(table, name):
    columns = [table[each].to_pylist() for each in (name, name + "[]") if each in table.column_names]
    return [next((cell for cell in cells if cell is not None), None) for cells in zip(*columns, strict=True)]


@pytest.mark.parametrize("compacted", [False, True])
def test_a_field_that_stands_in_the_rest_of_some_files_only_is_read_from_all(store, crowded, compacted) -> None:
    if compacted:
        assert store.compact() == 4
    block = next(_held := store.blocks())
    for name, values in crowded.items():
        assert either(block.read([name]), name) == values
        (part,) = store.scan(columns=[name]) if compacted else [None]
        assert part is None or either(part.table, name) == values
    with_all = block.read(sorted(crowded))
    assert [either(with_all, name) for name in crowded] == list(crowded.values())


def test_only_wanted_rows_are_selected(store, batches) -> None:
    block = next(_held := store.blocks(after=1, until=4))
    assert block.selected is not None
    assert list(block.events(np.flatnonzero(block.selected))) == batches[1:4]
    assert [block.settled for block in store.blocks(until=4)] == [4]


def test_a_pile_has_bounds_of_rows_and_of_bytes(store, batches, many, monkeypatch) -> None:
    monkeypatch.setattr(walking, "_ROWS", 4)
    assert [block.rows for block in store.blocks()] == [4, 3]
    monkeypatch.setattr(walking, "_BYTES", 1)
    assert [block.rows for block in store.blocks()] == [2, 2, 1, 2]
    monkeypatch.setattr(walking, "_SMALL", 0)
    assert [block.rows for block in store.blocks()] == [2, 2, 1, 2]


def test_an_early_end_closes_every_file(store, batches, monkeypatch) -> None:
    closed = []
    close = walking.Opened.close
    monkeypatch.setattr(walking.Opened, "close", lambda opened, **how: (closed.append(1), close(opened, **how)))
    next(found := store.blocks())
    found.close()
    assert len(closed) == len(MIXED)


@pytest.mark.parametrize("compacted", [None, False, True])
def test_the_rest_is_parsed_once_and_only_for_fields_that_stand_there(store, crowded, monkeypatch, compacted) -> None:
    parsed: list[str] = []
    monkeypatch.setattr(rest, "from_json", lambda text: parsed.append(text) or from_json(text))
    if compacted:
        store.compact()
    block = next(_held := store.blocks())
    if compacted is None:  # the second of the files that came alone
        block = block.apart()[1]
    names = ["x", "n", "destination.port", "a", "none"]
    whole = {name: either(block.read([name]), name) for name in [*names, *names] if name in block.names}
    assert len(parsed) == len(set(parsed)) > 0
    assert whole["x"] == (["hidden", None] if compacted is None else crowded["x"])
    if compacted is None:
        parsed.clear()
        block = next(_again := store.blocks()).apart()[1]
        assert either(block.read(["a", "b", "none"]), "a") == ["1", "1"]
        assert parsed == []
