from __future__ import annotations

from collections import Counter
from hashlib import sha256

import numpy as np
import pytest

from engine.anomaly.simulation.rhythm import DAY_US
from engine.anomaly.simulation.sheets import Sheet, Words, row_of
from engine.anomaly.simulation.world import STREAMS, Simulation
from engine.ecs_types import kind_of

SMALL = 0.02
streams = pytest.mark.parametrize("name", STREAMS)


def fingerprint(sheet: Sheet) -> str:
    digest = sha256(sheet.times.tobytes())
    for fields in sheet.events():
        digest.update(repr(sorted(fields.items())).encode())
    return digest.hexdigest()


@streams
def test_the_same_seed_gives_the_same_day_whatever_was_made_before(name: str) -> None:
    first = Simulation.of(5, scale=SMALL)
    first.day(0)
    assert fingerprint(first.day(3, [name])[name]) == fingerprint(Simulation.of(5, scale=SMALL).day(3, [name])[name])
    assert fingerprint(first.day(3, [name])[name]) != fingerprint(Simulation.of(6, scale=SMALL).day(3, [name])[name])


@streams
def test_rows_are_in_order_and_within_their_day(name: str) -> None:
    simulation = Simulation.of(1, scale=SMALL)
    sheet = simulation.day(2, [name])[name]
    midnight = simulation.today(2).midnight
    assert len(sheet) > 20
    assert (np.diff(sheet.times) >= 0).all()
    assert midnight <= sheet.times[0]
    assert sheet.times[-1] < midnight + DAY_US


@streams
def test_the_table_says_what_the_events_say(name: str) -> None:
    sheet = Simulation.of(1, scale=SMALL).day(6, [name])[name]
    rows = sheet.table().to_pylist()
    for row, fields in zip(rows, sheet.events(), strict=True):
        known = {key: value for key, value in row.items() if value is not None}
        assert known == {key: list(v) if isinstance(v, tuple) else v for key, v in fields.items()}
    assert row_of(rows[-1]["event.id"]) == (name, 6, len(sheet) - 1)


@streams
def test_fields_have_the_type_that_ecs_gives_them(name: str) -> None:
    sheet = Simulation.of(1, scale=SMALL).day(1, [name])[name]
    for field, column in sheet.columns.items():
        if field.partition(".")[0] in {"source", "destination", "user", "event", "dns", "file", "process"}:
            assert isinstance(column, Words) == (kind_of(field) == "text"), field


def test_weekends_are_quiet_and_citizens_come_all_the_same() -> None:
    simulation = Simulation.of(2, scale=0.1)
    monday, sunday = simulation.day(0, ["logons", "traffic"]), simulation.day(6, ["logons", "traffic"])
    assert len(sunday["logons"]) < 0.25 * len(monday["logons"])
    requests = [int(np.sum(day["traffic"].columns["http.requests"])) for day in (monday, sunday)]
    assert 0.3 < requests[1] / requests[0] < 0.8


def test_a_holiday_is_like_a_sunday() -> None:
    simulation = Simulation.of(2, scale=0.1)
    assert simulation.today(21).date.isoformat() == "2026-03-16"  # a Monday, for Summer day
    assert len(simulation.day(21, ["logons"])["logons"]) < 0.25 * len(simulation.day(14, ["logons"])["logons"])


def test_people_share_addresses_and_new_ones_begin() -> None:
    simulation = Simulation.of(3, scale=0.1)
    users = [set(), set()]
    for number in (0, 1, 23, 24):
        sheet = simulation.day(number, ["signins"])["signins"]
        pairs = Counter((fields["user.name"], fields["source.ip"]) for fields in sheet.events())
        users[number > 20] |= {user for user, _ in pairs}
        shared = Counter(address for _, address in pairs)
        assert max(shared.values()) > 20  # of an office behind one address
    assert users[1] - users[0]


def test_a_reorganisation_moves_people() -> None:
    people = Simulation.of(4, scale=0.1).ministry.people
    assert (people.moves >= 0).sum() > 5
    assert (people.next_office != people.office).all()


def test_a_day_of_the_whole_ministry_has_over_a_million_events() -> None:
    day = Simulation.of(1).day(0, ["processes", "files", "names"])
    assert {name for name, sheet in day.items() if len(sheet) > 150_000} == {"processes", "files", "names"}
