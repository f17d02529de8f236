"""Which playbook first, and by when the law wants word."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from playbooks.choose import choose
from playbooks.legal import deadline, deadlines, month_after
from playbooks.loader import load_library
from tests.playbooks.samples import alert, incident

LIBRARY = load_library()


def test_destruction_comes_before_espionage() -> None:
    case = incident(techniques=("T1114.002", "T1486", "T1505.003"), tactics=("collection", "impact"))
    choices = choose(case, [], LIBRARY)
    # web-shell names T1505.003 itself, mailbox-theft only the parent of T1114.002
    assert [choice.playbook.id for choice in choices[:3]] == ["ransomware-wiper", "web-shell", "mailbox-theft"]
    assert choices[0].reason.en == "techniques: T1486"
    assert choices[0].reason.sq == "teknika: T1486"


def test_a_rule_names_its_playbook() -> None:
    choices = choose(incident(), [alert(rule="Odd", playbooks=("logs-cleared",))], LIBRARY)
    assert [(choice.playbook.id, choice.reason.en) for choice in choices] == [("logs-cleared", "rules: Odd")]


def test_an_alert_judged_false_does_not_choose() -> None:
    judged = replace(alert(playbooks=("logs-cleared",)), verdict="false-positive")
    assert choose(incident(), [judged], LIBRARY) == []


def test_a_shared_tactic_comes_after_a_named_playbook() -> None:
    case = incident(tactics=("impact",), playbooks=("brute-force",))
    choices = choose(case, [], LIBRARY)
    assert [(choice.playbook.id, choice.is_certain) for choice in choices] == [
        ("brute-force", True),
        ("ransomware-wiper", False),
    ]


def test_a_technique_covers_its_sub_techniques_and_no_neighbour() -> None:
    assert "credential-theft" in {c.playbook.id for c in choose(incident(techniques=("T1003.001",)), [], LIBRARY)}
    assert choose(incident(techniques=("T10030",)), [], LIBRARY) == []


AWARE = datetime(2026, 1, 30, 22, 15, tzinfo=UTC)


def test_the_clocks_run_from_awareness() -> None:
    due = {item.duty.clock: item.due for item in deadlines(AWARE)}
    assert due["nis2-early-warning"] == AWARE + timedelta(hours=24)
    assert due["nis2-notification"] == due["gdpr-authority"] == AWARE + timedelta(hours=72)
    assert due["nis2-final-report"] == datetime(2026, 3, 2, 22, 15, tzinfo=UTC)
    assert due["gdpr-persons"] is None
    assert next(iter(due)) == "nis2-early-warning"
    assert list(due)[-1] == "gdpr-persons"


def test_the_final_report_counts_from_the_notification() -> None:
    sent = datetime(2026, 1, 31, 10, 0, tzinfo=UTC)
    assert deadline("nis2-final-report", AWARE, notified=sent).due == datetime(2026, 2, 28, 10, 0, tzinfo=UTC)


def test_what_is_left_and_what_is_late() -> None:
    item = deadline("nis2-early-warning", AWARE)
    assert item.remaining(AWARE + timedelta(hours=20)) == timedelta(hours=4)
    assert not item.is_overdue(AWARE + timedelta(hours=24))
    assert item.is_overdue(AWARE + timedelta(hours=24, seconds=1))
    assert not deadline("gdpr-persons", AWARE).is_overdue(AWARE + timedelta(days=900))


def test_a_month_ends_with_the_month() -> None:
    assert month_after(datetime(2028, 1, 31, tzinfo=UTC)).day == 29
    assert month_after(datetime(2026, 12, 31, tzinfo=UTC)) == datetime(2027, 1, 31, tzinfo=UTC)


def test_an_instant_without_zone_starts_no_clock() -> None:
    with pytest.raises(ValueError, match="time zone"):
        deadline("gdpr-authority", datetime(2026, 1, 1))  # noqa: DTZ001
