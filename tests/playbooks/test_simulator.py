"""Doing and undoing on paper: over the whole library, apply then undo leaves the plant as it was."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.entities import Entity
from playbooks.compiler import compile_guide
from playbooks.loader import load_library
from playbooks.simulator import World, rehearse
from playbooks.simulator.rehearsing import rehearse_all
from playbooks.simulator.world import BEFORE, Change
from tests.playbooks.drills import CASE, playbook, step
from tests.playbooks.samples import EVERYTHING, incident

LIBRARY = load_library()
REVERSIBLE = [(plan, item) for plan in LIBRARY for item in plan.steps if item.is_reversible]
WORDS = st.text(st.characters(categories=["Ll", "Lu", "Nd"], max_codepoint=0x17F), min_size=1, max_size=12)


@pytest.mark.parametrize(("plan", "item"), REVERSIBLE, ids=lambda found: found.id)
def test_undo_takes_back_what_a_step_of_the_library_does(plan, item) -> None:
    guide = compile_guide(incident(), plan)
    rehearsal = rehearse(guide, guide.step(item.id))
    assert not rehearsal.is_broken, f"{plan.id}, {item.id}: nothing brings back {', '.join(rehearsal.left)}"
    assert rehearsal.changed or rehearsal.by_hand, f"{plan.id}, {item.id}: the simulator knows none of its commands"


def test_most_of_the_library_is_proved_by_commands_alone() -> None:
    found = [rehearsal for plan in LIBRARY for rehearsal in rehearse_all(compile_guide(incident(), plan))]
    proved = [item for item in found if item.changed and item.returns]
    assert len(proved) >= 0.6 * len(found)
    assert sum(len(item.unknown) for item in found) <= 2


@given(
    st.lists(WORDS, min_size=1, max_size=3, unique=True),
    st.lists(WORDS, min_size=1, max_size=3, unique=True),
    st.sampled_from(REVERSIBLE),
    st.dictionaries(WORDS, WORDS, max_size=4),
)
@settings(max_examples=60)
def test_apply_then_undo_is_the_identity_for_any_names_in_any_plant(hosts, accounts, found, others) -> None:
    plan, item = found
    named = [Entity("host", name) for name in hosts] + [Entity("user", name) for name in accounts]
    guide = compile_guide(incident(*named, *EVERYTHING[5:]), plan)
    world = World({f"other {name}": state for name, state in others.items()})
    before = dict(world.states)
    rehearsal = rehearse(guide, guide.step(item.id), world)
    assert not rehearsal.is_broken
    assert {name: world.states[name] for name in before} == before
    assert set(world.differences) == set(rehearsal.left)


BLOCK = "ip route add blackhole {{external_ip}}"


@pytest.mark.parametrize(
    ("undo", "left"),
    [
        ("ip route del blackhole {{external_ip}}", ()),
        ("ip route del blackhole 192.0.2.1", ("route to 203.0.113.8", "route to 203.0.113.9")),
        ("ip route show", ("route to 203.0.113.8", "route to 203.0.113.9")),
    ],
)
def test_an_undo_that_forgets_something_is_found(undo: str, left: tuple[str, ...]) -> None:
    plan = playbook(step("edge", command=BLOCK).replace(f"'{BLOCK} off'", f"'{undo}'"))
    guide = compile_guide(CASE, plan)
    rehearsal = rehearse(guide, guide.steps[0])
    found = tuple(name for name in rehearsal.left if name.startswith("route to 203."))
    assert (found, rehearsal.is_broken) == (left, bool(left))
    assert set(rehearsal.changed) == {"route to 203.0.113.8", "route to 203.0.113.9"}


def test_what_the_simulator_does_not_know_is_named() -> None:
    guide = compile_guide(CASE, playbook(step("edge", command="pkill -9 nginx")))
    assert rehearse(guide, guide.steps[0]).unknown == ("pkill -9 nginx",)


def test_declared_effects_stand_in_for_commands_that_tell_nothing() -> None:
    effects = "    effects: [{thing: quarantine port of, of: host, becomes: closed}]\n"
    plain = step("edge", command="switchctl {{host}}", extra=effects)
    for back, broken in (("becomes: before", False), ("becomes: half open", True)):
        undo = f"undo: {{effects: [{{thing: quarantine port of, of: host, {back}}}], commands"
        guide = compile_guide(CASE, playbook(plain.replace("undo: {commands", undo)))
        assert rehearse(guide, guide.steps[0]).is_broken is broken


def test_only_what_was_saved_comes_back() -> None:
    world = World({"firewall": "a", "firewall / rule": "b"})
    world.apply(Change(act="set", thing="firewall / rule", becomes="c"))
    world.apply(Change(act="restore", thing="firewall"))
    assert world.differences == ("firewall / rule",)
    world.apply(Change(act="save", thing="firewall"))
    world.apply(Change(act="restore", thing="firewall"))
    assert world.differences == ()
    assert world.states == {"firewall": "a", "firewall / rule": "b"}
    world.apply(Change(act="set", thing="new", becomes="x"))
    assert world.differences == ("new",)
    assert BEFORE not in world.states.values()
