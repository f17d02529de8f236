"""Analysts' records: entries are added and marked, two people at once lose nothing, and words find incidents."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from engine.casework.evidence import fingerprint
from engine.casework.keeping import case_of, cases, change
from engine.casework.model import (
    Case,
    Evidence,
    Note,
    Task,
    with_evidence,
    with_note,
    with_tags,
    with_task,
    with_task_done,
)
from engine.casework.searching import search
from engine.entities import Entity
from engine.errors import InputError, NotFoundError, UsageError
from engine.incidents.model import Incident
from engine.store.embedded import EmbeddedStore
from tests.cli.fakes import an_alert, an_incident

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
INCIDENT = an_incident("DC01", alerts=(an_alert("DC01"),))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with EmbeddedStore(tmp_path / "store", lambda: NOW) as opened:
        opened.save_incidents([INCIDENT])
        yield opened


def _note(text: str, minutes: int = 0) -> Note:
    return Note(at=NOW + timedelta(minutes=minutes), actor="arta", text=text)


def _adding(text: str, minutes: int = 0):
    return lambda case: with_note(case, _note(text, minutes))


def test_what_is_put_on_record_is_read_again(store: EmbeddedStore) -> None:
    item = Evidence(at=NOW, actor="arta", name="mem.raw", sha256="ab" * 32, size=3, what="memory of dc01")
    change(store, INCIDENT, lambda case: with_evidence(replace(case, owner="arta"), item))
    change(store, INCIDENT, lambda case: with_task(case, Task(number=0, at=NOW, actor="arta", text="Call", owner="b")))
    change(store, INCIDENT, lambda case: with_task_done(case, 1, "b", NOW))
    change(store, INCIDENT, _adding("  seen before  "))
    case = case_of(store, INCIDENT)
    assert (case.owner, case.evidence, case.notes) == ("arta", (item,), (_note("seen before"),))
    assert (case.tasks[0].number, case.tasks[0].done_by, case.open_tasks) == (1, "b", ())
    assert cases(store, [INCIDENT]) == {INCIDENT.id: case}


def test_two_people_at_once_lose_nothing(store: EmbeddedStore) -> None:
    def while_another(case: Case) -> Case:
        if not case.notes:
            change(store, INCIDENT, _adding("from the other"))
        return with_note(case, _note("mine"))

    change(store, INCIDENT, while_another)
    assert [item.text for item in case_of(store, INCIDENT).notes] == ["from the other", "mine"]


def test_the_case_of_a_merged_incident_goes_along(store: EmbeddedStore) -> None:
    other = replace(INCIDENT, id="f" * 32, alerts=("x1",))
    store.save_incidents([other])
    change(store, other, _adding("of the other"))
    change(store, INCIDENT, _adding("own", 1))
    whole = replace(INCIDENT, alerts=(*INCIDENT.alerts, "x1"))
    store.save_incidents([whole], removed=[other.id])
    assert [item.text for item in case_of(store, whole).notes] == ["of the other", "own"]
    assert cases(store, [whole]) == {INCIDENT.id: case_of(store, whole)}  # so that words of the other are found
    change(store, whole, lambda case: replace(case, owner="arta"))
    assert [item.text for item in case_of(store, whole).notes] == ["of the other", "own"]
    assert set(cases(store, [whole])) == {INCIDENT.id}


def test_an_incident_that_comes_back_has_its_case_whoever_asks(store: EmbeddedStore) -> None:
    other = replace(INCIDENT, id="f" * 32, alerts=("x1",))
    change(store, other, _adding("of the other"))
    whole = replace(INCIDENT, alerts=(*INCIDENT.alerts, "x1"))
    store.save_incidents([whole])
    change(store, whole, _adding("of the whole"))  # takes the other's case along
    store.save_incidents([INCIDENT, other])
    assert [item.text for item in case_of(store, other).notes] == ["of the other"]
    assert cases(store, [INCIDENT, other])[other.id] == case_of(store, other)
    change(store, other, _adding("again", 1))
    assert [item.text for item in case_of(store, other).notes] == ["of the other", "again"]


def test_what_means_nothing_is_refused() -> None:
    case = Case(incident="i")
    for wrong in (lambda: with_note(case, _note(" ")), lambda: with_tags(case, added=("two words",))):
        with pytest.raises(UsageError):
            wrong()
    with pytest.raises(NotFoundError):
        with_task_done(case, 1, "a", NOW)
    once = with_task_done(with_task(case, Task(number=0, at=NOW, actor="a", text="x")), 1, "a", NOW)
    with pytest.raises(UsageError, match="was done by a"):
        with_task_done(once, 1, "b", NOW)


def test_the_same_evidence_is_kept_once_and_tags_are_a_set() -> None:
    item = Evidence(at=NOW, actor="a", name="x", sha256="0", size=1, what="")
    case = with_evidence(Case(incident="i"), item)
    assert with_evidence(case, replace(item, at=NOW + timedelta(days=1))) is case
    assert with_tags(with_tags(case, added=("b", "a", "b")), removed=("b",)).tags == ("a",)


def test_a_file_is_hashed_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(os.urandom(3 << 20))
    found = fingerprint(path)
    assert (found.sha256, found.size) == (sha256(path.read_bytes()).hexdigest(), 3 << 20)
    with pytest.raises(InputError, match="no file"):
        fingerprint(tmp_path)


def _incident(**more: object) -> Incident:
    return replace(INCIDENT, **more)  # type: ignore[arg-type] # any field


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("rrjedhje", True),
        ("RRJEDHJE dc01", True),
        ("host:dc01", True),
        ("user:dc01", False),
        ("tag:vip owner:arta", True),
        ("-tag:vip", False),
        ("-tag:other note:thirrur", True),
        ("note:thirrur shërbimi", True),
        ("technique:T1562.001", True),  # v18's id of what the incident tells in v19's
        ("technique:T1003", True),
        ("technique:T1003.002", False),
        ("lsass", True),
        ("nothing", False),
        ("status:open level:high", True),
        ("foo:bar", False),
    ],
)
def test_words_find_incidents(words: str, found: bool) -> None:
    incident = _incident(
        title="Rrjëdhje të dhënash",
        status="open",
        severity=type(INCIDENT.severity).HIGH,
        techniques=("T1003.001", "T1685"),
        entities=(Entity("host", "DC01"), Entity("process", "C:\\lsass.exe")),
    )
    case = Case(incident=incident.id, owner="Arta", tags=("vip",), notes=(_note("Thirrur sherbimi"),))
    assert bool(search([incident], {incident.id: case}, words)) is found


def test_a_search_for_nothing_is_wrong() -> None:
    with pytest.raises(UsageError):
        search([], {}, "  ")
