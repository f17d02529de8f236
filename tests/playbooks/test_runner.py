"""The guided run: resumes anywhere, asks for reasons and approvals, and never takes a decision twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.entities import Entity
from engine.errors import KullaError, LedgerError, NotFoundError
from playbooks.decisions import Kept
from playbooks.document import DocumentError
from playbooks.ledger import ConcurrentWriteError, Ledger
from playbooks.loader import load_library
from playbooks.model import Playbook
from playbooks.rehearsal import MemoryLog, play, read_answers
from playbooks.runner import DecisionError, Run
from tests.playbooks.samples import Clock, FakeStore, incident

LIBRARY = load_library()
WIPER = LIBRARY.get("ransomware-wiper")


class Desk:
    """One store with its head file; each `ledger()` is a new session."""

    def __init__(self, folder: Path) -> None:
        self.store = FakeStore()
        self.head = folder / "head"

    def ledger(self) -> Ledger:
        return Ledger(self.store, self.head, Clock())

    def begin(self, playbook: Playbook = WIPER) -> Run:
        return Run.begin(incident(), playbook, self.ledger(), actor="Ana")

    def resume(self, playbook: Playbook = WIPER) -> Run:
        return Run.resume(incident(), playbook, self.ledger())


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def finish(run: Run, desk: Desk, *, sessions: bool = False) -> list[str]:
    """Go through the run with all approvals; with `sessions`, every decision is taken in a new session."""
    taken = []
    while (current := run.current) is not None:
        for actor in ("Drita", "Besnik"):
            if run.approvals_lacking(current.step, actor="Ana"):
                run.decide(current.step.id, "approved", actor=actor, reason="agreed on the phone")
                run = desk.resume(run.playbook) if sessions else run
        run.decide(current.step.id, "done", actor="Ana")
        taken.append(current.step.id)
        run = desk.resume(run.playbook) if sessions else run
    return taken


@pytest.mark.parametrize("playbook", list(LIBRARY), ids=lambda p: p.id)
def test_every_playbook_can_be_followed_to_its_end(desk: Desk, playbook: Playbook) -> None:
    run = desk.begin(playbook)
    finish(run, desk)
    assert run.is_finished
    assert desk.ledger().verify() == ()


def test_a_run_killed_after_each_decision_goes_on_where_it_was(desk: Desk) -> None:
    taken = finish(desk.begin(), desk, sessions=True)
    assert taken == [step.id for step in WIPER.steps]
    assert desk.resume().is_finished
    assert [decision.step for decision in desk.resume().decisions] == taken


def test_outcomes_branch(desk: Desk) -> None:
    run = desk.begin(LIBRARY.get("brute-force"))
    run.decide("open-case", "done", actor="Ana")
    run.decide("measure-attempts", "done", actor="Ana")
    run.decide("find-success", "not-applicable", actor="Ana", reason="no success from any source")
    assert run.current is not None
    assert run.current.step.id == "block-address"


@pytest.mark.parametrize("outcome", ["failed", "skipped", "not-applicable", "rejected", "approved"])
def test_everything_but_done_needs_a_reason(desk: Desk, outcome: str) -> None:
    run = desk.begin()
    with pytest.raises(DecisionError, match="reason"):
        run.decide("stop-the-spread", outcome, actor="Ana", reason="  ")  # type: ignore[arg-type]
    assert len(desk.store.entries) == 1


def test_an_approval_is_needed_and_does_not_come_with_time(desk: Desk) -> None:
    run = desk.begin()
    with pytest.raises(DecisionError, match="must be approved by one person"):
        run.decide("stop-the-spread", "done", actor="Ana")
    for _ in range(50):
        run = desk.resume()
        assert run.approvals_lacking(run.current.step) == 1  # type: ignore[union-attr]


def test_two_persons_are_two_persons(desk: Desk) -> None:
    run = desk.begin()
    krbtgt = WIPER.step("rotate-krbtgt")
    while run.current is not None and run.current.step.id != krbtgt.id:
        run.decide(run.current.step.id, "skipped", actor="Ana", reason="drill")
    run.decide(krbtgt.id, "approved", actor="Ana  Hoxha", reason="golden tickets seen")
    with pytest.raises(DecisionError, match="has approved"):
        run.decide(krbtgt.id, "approved", actor="ANA HOXHA", reason="again")
    with pytest.raises(DecisionError, match="2 different persons"):
        run.decide(krbtgt.id, "done", actor="Ana Hoxha")
    run.decide(krbtgt.id, "approved", actor="Besnik", reason="agreed")
    with pytest.raises(DecisionError, match="one person"):
        run.decide(krbtgt.id, "done", actor="ana hoxha")  # her own approval does not count for her own step
    run.decide(krbtgt.id, "approved", actor="Drita", reason="agreed")
    run.decide(krbtgt.id, "done", actor="Ana Hoxha")
    assert run.state.decisions[krbtgt.id].outcome == "done"


def test_an_approval_of_other_commands_does_not_count(desk: Desk) -> None:
    run = desk.begin(LIBRARY.get("web-shell"))
    while run.current is not None and run.current.step.id != "isolate-host":
        run.decide(run.current.step.id, "skipped", actor="Ana", reason="drill")
    step = run.playbook.step("isolate-host")
    run.decide(step.id, "approved", actor="Besnik", reason="agreed")
    assert run.approvals_lacking(step) == 0
    run.give("host", ["dc01.gov.example"], actor="Ana")
    assert "dc01.gov.example" in str(run.guide.step(step.id).commands)
    assert run.approvals_lacking(step) == 1
    with pytest.raises(DecisionError, match="approved"):
        run.decide(step.id, "done", actor="Ana")
    grown = incident(Entity("host", "other"))
    assert Run.resume(grown, run.playbook, desk.ledger()).approvals_lacking(step) == 1


def test_a_decided_step_is_not_decided_again(desk: Desk) -> None:
    run = desk.begin()
    run.decide("stop-the-spread", "rejected", actor="Ana", reason="only one machine")
    with pytest.raises(DecisionError, match="is decided: rejected"):
        run.decide("stop-the-spread", "done", actor="Ana")


def test_steps_come_in_order_unless_a_reason_is_given(desk: Desk) -> None:
    run = desk.begin()
    with pytest.raises(DecisionError, match="comes before"):
        run.decide("open-case", "done", actor="Ana")
    run.decide("open-case", "done", actor="Ana", reason="a second person does it", out_of_order=True)
    run.decide("stop-the-spread", "skipped", actor="Ana", reason="drill")
    run.decide("protect-backups", "skipped", actor="Ana", reason="drill")
    run.decide("out-of-band", "done", actor="Ana")
    assert run.current is not None
    assert run.current.step.id == "capture-volatile"


@pytest.mark.parametrize("step", ["no-such-step", ""])
def test_an_unknown_step_is_refused(desk: Desk, step: str) -> None:
    with pytest.raises(DecisionError, match="no step"):
        desk.begin().decide(step, "done", actor="Ana")


def test_a_decision_needs_a_name(desk: Desk) -> None:
    with pytest.raises(DecisionError, match="name"):
        desk.begin().decide("stop-the-spread", "skipped", actor=" ", reason="x")


def test_two_runs_at_once_are_noticed(desk: Desk) -> None:
    one = desk.begin()
    two = desk.resume()
    one.decide("stop-the-spread", "skipped", actor="Ana", reason="drill")
    with pytest.raises(ConcurrentWriteError, match="meanwhile"):
        two.decide("stop-the-spread", "rejected", actor="Besnik", reason="no")
    assert desk.resume().state.decisions["stop-the-spread"].actor == "Ana"
    with pytest.raises(DecisionError, match="begun before"):
        desk.begin()


def test_runs_of_two_playbooks_do_not_disturb_one_another(desk: Desk) -> None:
    one, two = desk.begin(), desk.begin(LIBRARY.get("web-attack"))
    for _ in range(2):
        one.decide(one.current.step.id, "skipped", actor="Ana", reason="drill")  # type: ignore[union-attr]
        two.decide(two.current.step.id, "skipped", actor="Besnik", reason="drill")  # type: ignore[union-attr]
    assert desk.ledger().verify() == ()


def test_a_run_does_not_resume_on_a_forged_ledger(desk: Desk) -> None:
    desk.begin()
    entry = desk.store.entries[0]
    desk.store.entries[0] = type(entry)(sequence=1, body=entry.body.replace("Ana", "Ina"), digest=entry.digest)
    with pytest.raises(LedgerError, match="record 1 was changed"):
        desk.resume()


def test_a_changed_playbook_is_noticed_and_needs_a_reason(desk: Desk) -> None:
    from dataclasses import replace

    run = desk.begin()
    run.decide("stop-the-spread", "skipped", actor="Ana", reason="drill")
    newer = replace(WIPER, version="0000000000000000")
    with pytest.raises(DecisionError, match="was changed"):
        desk.resume(newer)
    resumed = Run.resume(incident(), newer, desk.ledger(), actor="Ana", changed_because="kulla was updated")
    assert resumed.current is not None
    assert resumed.current.step.id == "protect-backups"
    assert desk.resume(newer).state.version == newer.version


def test_a_run_that_was_not_begun_cannot_be_resumed(desk: Desk) -> None:
    with pytest.raises(NotFoundError):
        desk.resume()


def test_evidence_and_reasons_stay_in_the_ledger(desk: Desk) -> None:
    run = desk.begin()
    kept = Kept(name="memory.raw", sha256="ab" * 32, place="\\\\evid01\\cases")
    run.decide("stop-the-spread", "skipped", actor="Ana", reason="vetëm një makinë", evidence=[kept])
    decision = desk.resume().decisions[0]
    assert (decision.reason, decision.evidence) == ("vetëm një makinë", (kept,))
    with pytest.raises(DecisionError, match="64 hex digits"):
        run.decide("protect-backups", "skipped", actor="Ana", reason="x", evidence=[Kept(name="x", sha256="12")])


def test_only_entities_can_be_given(desk: Desk) -> None:
    run = desk.begin()
    for name in ("incident", "nothing"):
        with pytest.raises(DecisionError):
            run.give(name, ["x"], actor="Ana")
    with pytest.raises(DecisionError):
        run.give("host", [], actor="Ana")


ANSWERS = """
actor: Ana
values:
  host: [srv99.gov.example]
steps:
  open-case: {outcome: done, evidence: [{name: clock.txt, sha256: "%s"}]}
  rotate-krbtgt: {outcome: done, reason: golden tickets, approved_by: [Drita, Besnik]}
  rebuild-host: {outcome: not-applicable, reason: only one machine, actor: Drita}
others: {outcome: skipped, reason: drill}
""" % ("ab" * 32)


def test_everybody_reads_a_run_in_their_own_language_and_means_the_same_commands() -> None:
    log = MemoryLog(Clock())
    run = Run.begin(incident(), WIPER, log, actor="Ana", lang="sq")
    read = Run.resume(incident(), WIPER, log, lang="en")
    assert (run.guide.language, read.guide.language) == ("sq", "en")
    assert Run.resume(incident(), WIPER, log).guide.language == "sq"
    assert [step.fingerprint for step in read.guide.steps] == [step.fingerprint for step in run.guide.steps]


def test_a_drill_runs_from_an_answers_file() -> None:
    run = Run.begin(incident(), WIPER, MemoryLog(Clock()), actor="Ana", lang="sq")
    assert play(run, read_answers(ANSWERS.encode(), "answers.yaml")) is None
    outcomes = {decision.step: (decision.outcome, decision.actor) for decision in run.decisions}
    assert outcomes["rotate-krbtgt"] == ("done", "Ana")
    assert outcomes["rebuild-host"] == ("not-applicable", "Drita")
    assert outcomes["lessons"] == ("skipped", "Ana")
    assert "srv99.gov.example" in str(run.guide.step("isolate-host").commands)


def test_a_drill_stops_at_the_step_without_an_answer(desk: Desk) -> None:
    answers = read_answers(b"actor: Ana\nsteps: {stop-the-spread: {outcome: skipped, reason: drill}}\n", "a.yaml")
    stopped = play(desk.begin(), answers)
    assert stopped is not None
    assert stopped.id == "protect-backups"


def test_a_drill_without_approvals_stops_with_an_error(desk: Desk) -> None:
    answers = read_answers(b"actor: Ana\nothers: {outcome: done}\n", "a.yaml")
    with pytest.raises(DecisionError, match="approved"):
        play(desk.begin(), answers)


@pytest.mark.parametrize(
    "text",
    ["", "steps: {}", "actor: A\nextra: 1", "actor: A\nsteps: {x: {outcome: maybe}}", "actor: A\nvalues: [1]", "- 1"],
)
def test_a_bad_answers_file_says_where(text: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_answers(text.encode(), "answers.yaml")
    assert isinstance(caught.value, KullaError)
    assert "answers.yaml" in str(caught.value)
