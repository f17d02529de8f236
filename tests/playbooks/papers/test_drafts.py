"""Drafts: every field says where it came from, nothing is made up, and persons are pseudonyms unless asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest

from engine.alerts import Alert, EventRef, Level, RuleInfo
from engine.casework.model import Case
from engine.entities import Entity
from engine.incidents.model import Incident, Moment
from playbooks.awareness import AWARE, Awareness, awareness, clocks_of, sent
from playbooks.compiler import compile_guide
from playbooks.house import House
from playbooks.ledger import Record
from playbooks.legal import own_rules
from playbooks.loader import load_library
from playbooks.papers.casefile import CaseFile, Course, Given, Setting, origin_of
from playbooks.papers.doings import span
from playbooks.papers.drafts import FORMS, draft
from playbooks.papers.model import KINDS
from playbooks.standards.case import Case as Exported
from playbooks.texts import LANGUAGES, Language
from tests.playbooks.samples import START, incident


def _alert(number: int, fields: dict[str, str], tactic: str) -> tuple[Alert, Moment]:
    at = START + timedelta(minutes=number)
    rule = RuleInfo(id=f"r{number}", name=f"Rule {number}", level=Level.HIGH, version="1", tags=(f"attack.{tactic}",))
    event = EventRef(id=f"e{number}", timestamp=at, source=f"/logs/windows/dc01.evtx:{number}", original="{}")
    alert = Alert(id=f"{number:032x}", timestamp=at, rule=rule, events=(event,), why=(), fields=fields)
    moment = Moment(
        timestamp=at,
        alert_id=alert.id,
        rule_id=rule.id,
        rule_name=rule.name,
        level=rule.level,
        host=fields.get("host.name", ""),
        summary="",
        tactics=(tactic,),
        techniques=(),
    )
    return alert, moment


def _case(found: Incident | None = None) -> CaseFile:
    made = [
        _alert(1, {"host.name": "dc01.gov.example", "source.ip": "203.0.113.9"}, "initial-access"),
        _alert(2, {"host.name": "dc01.gov.example", "user.name": "GOV\\a.hoxha"}, "credential-access"),
        _alert(3, {"host.name": "fs01.gov.example", "user.name": "a.hoxha"}, "impact"),
    ]
    known = found or incident(
        Entity("host", "dc01.gov.example"),
        Entity("user", "GOV\\a.hoxha"),
        Entity("ip", "203.0.113.9"),
        alerts=tuple(alert.id for alert, _ in made),
        timeline=tuple(moment for _, moment in made),
        tactics=("initial-access", "credential-access", "impact"),
        techniques=("T1003",),
    )
    guide = compile_guide(known, load_library().get("ransomware-wiper"), "en")
    return CaseFile(
        incident=known,
        alerts={alert.id: alert for alert, _ in made} if found is None else {},
        case=Case(incident=known.id),
        records=(),
        courses=(Course(guide=guide, because="", state=None),) if found is None else (),
        clocks=clocks_of(known, own_rules()) if found is None else (),
        aware=known.opened,
        aware_by=origin_of(awareness((), known), known),
        author="besa" if found is None else "",
        now=START + timedelta(hours=3),
        likely=(),
    )


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_field_that_is_filled_says_where_from_and_none_that_must_be_is_empty(kind: str, lang: Language) -> None:
    paper = draft(kind, _case(), lang)  # type: ignore[arg-type] # one of KINDS
    assert not paper.lacking
    assert all(field.origins for field in paper.fields if field.lines)
    assert "hoxha" not in " ".join(line for field in paper.fields for line in (*field.lines, *field.origins)).lower()


def test_an_incident_that_says_nothing_has_its_open_fields_named() -> None:
    bare = incident(Entity("ip", "10.0.0.1"), entities=(), alerts=(), timeline=())
    paper = draft("breach-notification", _case(bare))
    lacking = {field.name for field in paper.lacking}
    assert {"organisation", "contact", "nature", "categories", "numbers", "consequences", "measures"} <= lacking
    assert len(paper.fields) == len(FORMS["breach-notification"].asks)


def test_a_persons_words_go_before_kullas_with_their_record() -> None:
    case = replace(_case(), given={"nature": Given(text="Wiper.\nBackups are safe.", actor="drita", at="", record=9)})
    field = next(field for field in draft("early-warning", case).fields if field.name == "nature")
    assert field.lines == ("Wiper.", "Backups are safe.")
    assert "ledger record 9" in field.origins
    assert not any("drita" in origin for origin in field.origins)


def test_settings_go_before_what_is_concluded() -> None:
    case = replace(_case(), settings={"organisation": Setting(value="Ministry of Seas", place="kulla.toml:3")})
    field = draft("early-warning", case).fields[0]
    assert field.lines == ("Ministry of Seas",)
    assert not field.confirm
    concluded = draft("early-warning", _case()).fields[0]
    assert "gov.example" in concluded.lines[0]
    assert concluded.confirm


def test_names_are_shown_where_they_are_asked_for() -> None:
    case = replace(_case(), given={"nature": Given(text="a.hoxha clicked", actor="drita", at="", record=9)})
    shown = draft("early-warning", case, names=True)
    hidden = draft("early-warning", case)
    assert any("a.hoxha clicked" in field.lines for field in shown.fields)
    assert any("person 1 clicked" in field.lines for field in hidden.fields)
    assert shown.masked == 0


def test_alerts_judged_false_are_no_evidence() -> None:
    case = _case()
    false = {name: replace(alert, verdict="false-positive") for name, alert in case.alerts.items()}
    paper = draft("early-warning", replace(case, alerts=false))
    assert {field.name for field in paper.lacking} >= {"malicious", "nature"}


def _record(kind: str, at: str, sequence: int) -> Record:
    details = {"at": at, "deadline": "nis2-early-warning"}
    return Record(
        sequence=sequence, at="", actor="besa", kind=kind, subject="", details=details, previous="", digest=""
    )


def test_awareness_is_as_a_person_last_said_else_the_earliest_that_can_count() -> None:
    known = incident()
    assert awareness((), known) == Awareness(at=known.opened)
    records = [_record(AWARE, "2022-07-15T09:00:00Z", 1), _record(AWARE, "2022-07-15T08:45:00Z", 4)]
    assert awareness(records, known) == Awareness(at=datetime(2022, 7, 15, 8, 45, tzinfo=UTC), record=4)
    assert origin_of(awareness(records, known), known).name == "4"
    assert awareness([_record(AWARE, "yesterday", 1)], known).at == known.opened
    assert sent([_record("incident.paper-sent", "2022-07-15T09:00:00Z", 5)])["nis2-early-warning"][1] == 5


def test_a_hand_over_sheet_fits_on_a_page() -> None:
    case = _case()
    notes = {name: Given(text="x" * 5000, actor="besa", at="", record=1) for name in ("reference", "impact", "to-do")}
    paper = draft("handover", replace(case, given=notes))
    lines = sum(1 + len("; ".join((*field.lines, *field.origins))) // 95 for field in paper.fields)
    assert lines <= 60


def _indicators(case: CaseFile) -> str:
    found = next(field for field in draft("notification", case, names=True).fields if field.name == "indicators")
    return " ".join(found.lines)


def test_what_papers_tell_as_the_attackers_is_what_exports_tell() -> None:
    things = (
        Entity("ip", "127.0.0.1"),
        Entity("ip", "203.0.113.9"),
        Entity("ip", "198.51.100.20"),
        Entity("domain", "mail.gov.example"),
        Entity("domain", "e-services.example"),
        Entity("domain", "evil.example"),
        Entity("file", "C:\\Temp\\cl.exe"),
        Entity("file", "D:\\Akte\\note.txt"),
        Entity("process", "C:\\Windows\\System32\\wbem\\WMIC.exe"),
        Entity("hash", "ab" * 32),
    )
    plain = _case()
    known = replace(plain.incident, entities=(*plain.incident.entities, *things))
    house = House(networks=(ip_network("198.51.100.0/24"),), domains=("e-services.example",))
    case = replace(plain, incident=known, house=house)
    exported = Exported(incident=known, alerts=list(case.alerts.values()), producer="x", house=house).suspects
    assert {item.value for item in exported} == {"203.0.113.9", "evil.example", "C:\\Temp\\cl.exe", "ab" * 32}
    assert set(case.suspects) == set(exported)
    told = _indicators(case)
    assert all(item.value in told for item in exported)
    assert not [
        value
        for value in ("127.0.0.1", "198.51.100.20", "gov.example", "e-services", "WMIC", "note.txt")
        if value in told
    ]


def test_a_time_before_the_first_sign_is_told_as_such() -> None:
    early = replace(_case(), aware=START - timedelta(hours=3, minutes=30))
    lines = next(field for field in draft("lessons", early).fields if field.name == "times").lines
    assert "3 h 30 min before the first sign: awareness" in lines
    assert not [line for line in lines if "-" in line]
    assert span(timedelta(hours=-50)) == "-2 d 2 h"


def test_what_is_asked_again_and_again_is_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from playbooks.papers import casefile

    asked: list[int] = []
    real = casefile.entities_of
    monkeypatch.setattr(casefile, "entities_of", lambda fields: asked.append(1) or real(fields))
    case = _case()
    draft("notification", case)
    assert len(asked) == len(case.alerts)


def test_the_houses_pseudonyms_stand_in_papers_where_it_has_a_key() -> None:
    def pseudonym(kind: str, value: str) -> str:
        return f"{kind}-aaaaaa-{'b' * (26 - len(value))}{value.replace('.', 'c')}"

    paper = draft("summary", replace(_case(), pseudonym=pseudonym))
    assert paper.is_numbered is False
    assert "person 1" not in str(paper)
    numbered = draft("summary", _case())
    assert numbered.is_numbered
