"""Levels are earned slowly and lost at once; commands that kulla runs are argument lists, or are not run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.entities import Entity
from engine.errors import ConfigurationError
from playbooks.automation import NEEDED, RESTORED, WITHDRAWN, standing_of, standings
from playbooks.compiler import GuideStep, compile_guide
from playbooks.decisions import DECIDED, UNDONE
from playbooks.execution import NotRunnableError, Policy, arguments_of
from playbooks.ledger import GENESIS, Record
from playbooks.ledger.entries import ANSWERED
from playbooks.local_executor import LARGEST_OUTPUT, TIMED_OUT, LocalExecutor
from playbooks.model import Automation, Step
from tests.playbooks.drills import CASE, DRILL, POLICY, playbook, step
from tests.playbooks.samples import incident

EDGE: Step = DRILL.step("edge")
LOOK: Step = DRILL.step("look")


def record(kind: str, number: int, **details: object) -> Record:
    found = {"step": EDGE.id, "step_version": EDGE.version, "outcome": "done", "channel": "terminal", "reason": "why"}
    return Record(
        sequence=number,
        at="2026-01-01T00:00:00Z",
        actor="Ana",
        kind=kind,
        subject=f"incident/i{number}/playbook/drill",
        details={**found, **details},  # type: ignore[dict-item]
        previous=GENESIS,
        digest=GENESIS,
    )


def successes(count: int, start: int = 1, **details: object) -> list[Record]:
    return [record(DECIDED, number, **details) for number in range(start, start + count)]


def level(records: Sequence[Record], of: Step = EDGE) -> Automation:
    return standing_of(of, standings(records)).level(of)


@pytest.mark.parametrize(("count", "expected"), [(0, 1), (4, 1), (5, 2), (9, 2), (10, 3), (500, 3)])
def test_a_level_is_earned_and_never_exceeds_what_the_playbook_allows(count: int, expected: int) -> None:
    assert level(successes(count)) == expected


def test_what_only_reads_may_earn_to_run_alone() -> None:
    version = {"step": LOOK.id, "step_version": LOOK.version}
    assert level(successes(29, **version), LOOK) == Automation.RUN_WITH_APPROVAL
    assert level(successes(30, **version), LOOK) == Automation.RUN_ALONE
    assert NEEDED[Automation.RUN_ALONE] == 30


@pytest.mark.parametrize(
    "bad",
    [
        record(DECIDED, 99, outcome="failed"),
        record(UNDONE, 99, outcome="failed"),
        record(ANSWERED, 99, record=3, outcome="upheld"),
        record(ANSWERED, 99, record=3, outcome="partly-upheld"),
    ],
)
def test_one_thing_that_went_wrong_sets_it_back_to_the_beginning(bad: Record) -> None:
    assert level([*successes(10), bad]) == Automation.SHOW_COMMAND
    assert level([*successes(10), bad, *successes(9, 100)]) == Automation.RUN_READING
    assert level([*successes(10), bad, *successes(10, 100)]) == Automation.RUN_WITH_APPROVAL


@pytest.mark.parametrize(
    "records",
    [
        successes(50, channel="answers"),
        successes(50, channel="invented"),
        successes(50, step_version="0" * 16),
        successes(50, outcome="skipped"),
        [replace(item, subject="incident/same/playbook/x") for item in successes(50)],
        [*successes(50), record(WITHDRAWN, 60)],
        [*successes(50), record(WITHDRAWN, 60), *successes(50, 61)],
        [*successes(50), record(WITHDRAWN, 60), record(RESTORED, 61)],
    ],
)
def test_drills_other_commands_one_incident_and_what_was_withdrawn_do_not_count(records: list[Record]) -> None:
    assert level(records) == Automation.SHOW_COMMAND


def test_a_rejected_challenge_takes_nothing_away() -> None:
    assert level([*successes(10), record(ANSWERED, 99, record=3, outcome="rejected")]) == Automation.RUN_WITH_APPROVAL


def guide_step(command: str, *entities: Entity) -> GuideStep:
    guide = compile_guide(incident(*entities) if entities else CASE, playbook(step("edge", command=command)))
    return guide.steps[0]


@pytest.mark.parametrize(
    "command",
    [
        "block edge; look at x", "block $(id)", "block `id`", "block edge | look at x", "block edge && look at x",
        "block > /etc/passwd", "block *.txt", "block ~root", "block $HOME", "X=1 block edge", "block edge &",
        "block # x",
        "block a\\ b", "block {a,b}", "other edge", "look for x", "/tmp/block edge", "block \"edge\"", "block !x",
    ],
)  # fmt: skip
def test_what_needs_a_shell_or_is_not_allowed_is_never_run(command: str) -> None:
    with pytest.raises(NotRunnableError):
        arguments_of(guide_step(command.replace("'", "''")), POLICY)


def test_arguments_are_the_prefix_as_configured_and_the_values_as_they_are() -> None:
    found = arguments_of(guide_step("block edge -- {{suspect_file+}}", Entity("file", "/srv/a b;$(id) '\"x")), POLICY)
    assert found == (("/usr/sbin/block", "edge", "--", "/srv/a b;$(id) '\"x"),)
    assert arguments_of(guide_step("/usr/sbin/block edge {{ip}}"), POLICY)[0][:2] == ("/usr/sbin/block", "edge")


@given(st.text(min_size=1, max_size=40))
@settings(max_examples=60)
def test_a_hostile_name_is_one_argument_or_the_step_is_not_run(name: str) -> None:
    item = guide_step("block edge -- {{suspect_file}}", Entity("file", f"/srv/{name}"), Entity("file", "/srv/plain"))
    try:
        found = arguments_of(item, POLICY)
    except NotRunnableError:
        return
    assert all(len(arguments) == 4 for arguments in found)
    assert {arguments[3] for arguments in found} <= {f"/srv/{name}", "/srv/plain"}


def test_nothing_is_allowed_by_default() -> None:
    with pytest.raises(NotRunnableError, match="does not allow"):
        arguments_of(guide_step("block edge"), Policy())


def program(folder: Path, text: str) -> str:
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_a_command_runs_without_shell_input_and_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "x")
    path = program(tmp_path, 'printf "%s," "$@"; printf "%s" "$SECRET"; cat; pwd; exit 3')
    ran = LocalExecutor(10).run([path, "$(id)", "a b", ";ls"])
    assert (ran.exit_code, ran.output) == (3, b"$(id),a b,;ls,/\n")


def test_output_is_bounded_and_a_command_that_hangs_is_killed(tmp_path: Path) -> None:
    flood = LocalExecutor(30).run([program(tmp_path, "head -c 3000000 /dev/zero")])
    assert (flood.exit_code, len(flood.output), flood.cut_off) == (0, LARGEST_OUTPUT, True)
    assert LocalExecutor(1).run([program(tmp_path, "sleep 60 & wait")]).exit_code == TIMED_OUT


def test_programs_that_others_may_change_are_not_run(tmp_path: Path) -> None:
    path = program(tmp_path, "exit 0")
    for mode in (0o777, 0o775, 0o644):
        Path(path).chmod(mode)
        with pytest.raises(ConfigurationError):
            LocalExecutor(5).run([path])
    for missing in (str(tmp_path / "absent"), str(tmp_path)):
        with pytest.raises(ConfigurationError):
            LocalExecutor(5).run([missing])
