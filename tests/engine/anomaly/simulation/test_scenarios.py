from __future__ import annotations

from datetime import timedelta
from importlib import resources

import numpy as np
import pytest

from engine.anomaly.simulation.scenarios import Generator, Scenario, own_scenarios, read_scenario
from engine.anomaly.simulation.world import STREAMS, Simulation
from engine.attack import techniques
from engine.yaml_document import DocumentError

SCENARIOS = own_scenarios()
each = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)

SMALL_ONE = """
name: one
kind: attack
title: {en: One, sq: Një}
about: {en: Something, sq: Diçka}
tags: [attack.t1110]
models: [spraying]
lasts: 2d
starts: {hours: [3, 4], days: any}
cast:
  who: {from: people, count: 3}
  door: {from: addresses, network: 45}
steps:
  - add: signins
    each: who
    per_day: 2
    fields: {event.action: login_error, event.outcome: failure, user.name: $who.name, source.ip: $door.ip}
truth: {source.ip: $door.ip}
"""


@each
def test_a_scenario_is_found_again_in_the_events(scenario: Scenario) -> None:
    simulation = Simulation.of(1, scale=0.05).with_scenarios([scenario], 4, 14, seed=1)
    (injection,) = simulation.injections
    plain = Simulation.of(1, scale=0.05)
    touched = {step.stream for step in scenario.steps}
    changed = 0
    for number in range(4, 14):
        for name, sheet in simulation.day(number, sorted(touched)).items():
            rows = np.flatnonzero(sheet.truth >= 0)
            changed += len(rows) + abs(len(sheet) - len(plain.day(number, [name])[name]))
            within = (sheet.times[rows] >= injection.start) & (sheet.times[rows] < injection.end + 1_200_000_000)
            assert within.all()
    assert changed > 0
    assert all(injection.entities.values())


@each
def test_a_scenario_says_what_it_is(scenario: Scenario) -> None:
    assert {step.stream for step in scenario.steps} <= set(STREAMS)
    assert scenario.title["en"] != scenario.title["sq"]
    assert timedelta() < scenario.within <= timedelta(days=7)
    if scenario.kind == "attack":
        assert techniques(scenario.tags)
        assert scenario.models


def test_files_are_called_as_their_scenarios() -> None:
    folder = resources.files("detections") / "scenarios"
    files = {item.name for item in folder.iterdir() if item.name.endswith(".yml")}
    assert files == {f"{scenario.name.replace('-', '_')}.yml" for scenario in SCENARIOS}


def test_other_days_are_left_as_they_were() -> None:
    scenario = read_scenario(SMALL_ONE.encode(), "one.yml")
    simulation = Simulation.of(1, scale=0.02).with_scenarios([scenario], 3, 5, seed=1)
    before, plain = (
        simulation.day(2, ["signins"])["signins"],
        Simulation.of(1, scale=0.02).day(2, ["signins"])["signins"],
    )
    assert before.table().equals(plain.table())


def test_rows_are_added_for_each_of_the_cast() -> None:
    scenario = read_scenario(SMALL_ONE.encode(), "one.yml")
    simulation = Simulation.of(1, scale=0.02).with_scenarios([scenario], 3, 6, seed=1)
    (injection,) = simulation.injections
    assert injection.end - injection.start == timedelta(days=2) // timedelta(microseconds=1)
    rows = [
        fields
        for number in range(3, 6)
        for sheet in [simulation.day(number, ["signins"])["signins"]]
        for fields, truth in zip(sheet.events(), sheet.truth, strict=True)
        if truth >= 0
    ]
    assert 9 <= len(rows) <= 14  # three people, twice a day, for two days
    assert {row["source.ip"] for row in rows} == injection.entities["source.ip"]
    assert len({row["user.name"] for row in rows}) == 3
    assert all(row["event.dataset"] == "keycloak.log" for row in rows)


def test_the_truth_is_no_part_of_an_event() -> None:
    scenario = read_scenario(SMALL_ONE.encode(), "one.yml")
    sheet = Simulation.of(1, scale=0.02).with_scenarios([scenario], 3, 6, seed=1).day(3, ["signins"])["signins"]
    assert not any("truth" in name or "injection" in name for name in sheet.table().column_names)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("kind: attack", "kind: evil", "`evil` is not allowed here"),
        ("$door.ip}", "$gate.ip}", "`$gate.ip` is not of the cast"),
        ("lasts: 2d", "lasts: long", "must be a span of time"),
        ("- add: signins", "- invent: signins", "must have one of add, drop, repeat, scale"),
        ("per_day: 2", "per_day: many", "must be a number"),
        ("from: people", "from: ghosts", "`ghosts` is not allowed here"),
        ("hours: [3, 4]", "hours: [3]", "must be two values"),
    ],
)
def test_a_fault_is_told_with_its_line(old: str, new: str, message: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_scenario(SMALL_ONE.replace(old, new).encode(), "one.yml")
    assert message in caught.value.message
    assert caught.value.where is not None
    assert caught.value.where.startswith("one.yml:")


def test_a_quoted_number_is_text() -> None:
    scenario = read_scenario(SMALL_ONE.replace("login_error", "'17'").encode(), "one.yml")
    assert scenario.steps[0].fields["event.action"] == "17"
    assert not isinstance(scenario.steps[0].fields["source.ip"], Generator)
