"""Clocks: the laws' hours, chained deadlines, what was sent, and files that say nothing usable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from engine.yaml_document import DocumentError
from playbooks.legal import Rule, checked, clocks, months_after, own_rules, read_rules
from playbooks.loader import load_library

AWARE = datetime(2026, 1, 31, 8, 0, tzinfo=UTC)
OWN = """deadlines:
  - id: {id}
    title: {{en: Call the insurer, sq: Telefononi siguruesin}}
    to: {{en: Insurer, sq: Siguruesi}}
    basis: contract 7
    from: {start}
    within: {within}
    where: always
"""


def _own(name: str = "insurer", start: str = "awareness", within: str = "12h") -> bytes:
    return OWN.format(id=name, start=start, within=within).encode()


def test_the_laws_hours_are_those_of_the_laws() -> None:
    rules = {rule.id: rule for rule in own_rules()}
    assert rules["nis2-early-warning"].within == timedelta(hours=24)
    assert rules["nis2-notification"].within == rules["gdpr-authority"].within == timedelta(hours=72)
    assert (rules["nis2-final-report"].start, rules["nis2-final-report"].months) == ("nis2-notification", 1)
    assert rules["gdpr-persons"].within is None
    assert rules["gdpr-authority"].basis == "GDPR 33(1)"


def test_every_clock_that_a_step_names_is_a_deadline_with_its_title() -> None:
    named = {step.clock for playbook in load_library() for step in playbook.steps if step.clock}
    assert named
    assert named <= {rule.id for rule in own_rules()}


def test_a_month_ends_with_the_month() -> None:
    assert months_after(datetime(2028, 1, 31, tzinfo=UTC), 1).day == 29
    assert months_after(datetime(2026, 12, 31, tzinfo=UTC), 1) == datetime(2027, 1, 31, tzinfo=UTC)
    assert months_after(datetime(2026, 11, 30, tzinfo=UTC), 13) == datetime(2027, 12, 30, tzinfo=UTC)


def test_a_shorter_month_on_the_way_takes_no_days() -> None:
    (rule,) = read_rules(_own(within="2 months"), "own.yaml")
    assert rule.due(datetime(2026, 1, 31, 8, tzinfo=UTC)) == datetime(2026, 3, 31, 8, tzinfo=UTC)


def test_a_chain_of_deadlines_is_reckoned_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"d{number}" for number in range(12)]
    chain = [_own(name, start, "no hour") for name, start in zip(names, ("awareness", *names), strict=False)]
    rules = checked(rule for content in chain for rule in read_rules(content, "own.yaml"))
    asked: list[str] = []
    real = Rule.due
    monkeypatch.setattr(Rule, "due", lambda self, start: asked.append(self.id) or real(self, start))
    assert all(clock.due is None for clock in clocks(rules, AWARE))
    assert len(asked) <= len(names) ** 2


def test_the_month_begins_with_the_notification_that_was_sent_else_with_its_last_hour() -> None:
    due = {clock.rule.id: clock.due for clock in clocks(own_rules(), AWARE)}
    assert due["nis2-early-warning"] == AWARE + timedelta(hours=24)
    assert due["nis2-final-report"] == datetime(2026, 3, 3, 8, 0, tzinfo=UTC)  # 72 h, then a month
    told = AWARE + timedelta(hours=1)
    sent = {clock.rule.id: clock for clock in clocks(own_rules(), AWARE, {"nis2-notification": (told, 7)})}
    assert sent["nis2-final-report"].due == datetime(2026, 2, 28, 9, 0, tzinfo=UTC)
    assert sent["nis2-notification"].record == 7


@pytest.mark.parametrize(
    ("hours", "sent", "state"),
    [(23, None, "running"), (25, None, "overdue"), (30, 24, "sent"), (30, 25, "sent-late")],
)
def test_a_clock_runs_until_its_hour_or_until_its_paper_was_sent(hours: int, sent: int | None, state: str) -> None:
    done = {} if sent is None else {"nis2-early-warning": (AWARE + timedelta(hours=sent), 1)}
    found = {clock.rule.id: clock for clock in clocks(own_rules(), AWARE, done)}
    assert found["nis2-early-warning"].state(AWARE + timedelta(hours=hours)) == state
    assert found["gdpr-persons"].state(AWARE + timedelta(days=9)) == "no-hour"


def test_an_own_deadline_is_added_or_takes_the_place_of_kullas() -> None:
    added = checked((*own_rules(), *read_rules(_own(), "own.yaml")))
    assert clocks(added, AWARE)[0].rule.id == "insurer"
    shorter = checked((*own_rules(), *read_rules(_own("nis2-early-warning", within="4h"), "own.yaml")))
    assert len(shorter) == len(own_rules())
    assert clocks(shorter, AWARE)[0].due == AWARE + timedelta(hours=4)


@pytest.mark.parametrize(
    "content",
    [
        _own("Insurer!"),
        _own("awareness"),
        _own(within="soon"),
        _own(within="-1h"),
        b"deadlines: {}",
        b"other: []",
        _own().replace(b"sq: Telefononi siguruesin", b"sq: ''"),
        b"\xff",
    ],
)
def test_a_file_that_says_no_deadline_is_an_error_with_its_place(content: bytes) -> None:
    with pytest.raises(DocumentError) as caught:
        read_rules(content, "own.yaml")
    assert "own.yaml" in str(caught.value.where)


@pytest.mark.parametrize("files", [(_own("a", "b"), _own("b", "a")), (_own("a", "nowhere"),), (_own("a", "a"),)])
def test_a_deadline_must_count_from_something(files: tuple[bytes, ...]) -> None:
    with pytest.raises(DocumentError):
        checked(rule for content in files for rule in read_rules(content, "own.yaml"))


def test_an_instant_needs_its_zone() -> None:
    with pytest.raises(ValueError, match="zone"):
        clocks(own_rules(), datetime(2026, 1, 1))  # noqa: DTZ001 # the very thing that is refused
